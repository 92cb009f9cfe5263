/**
 * Spark ML estimators and models for tables whose groups of rows are tasks: {@link dev.kindling.ml.MetaRegressor} and {@link
 * dev.kindling.ml.MetaClassifier} for a {@code Pipeline}, a {@code CrossValidator} or Spark Connect. Uses the public API and
 * packages of the driver; nothing else imports this package, because a Spark may lack its own library of machine learning.
 */
@NullMarked
package dev.kindling.ml;

import org.jspecify.annotations.NullMarked;
