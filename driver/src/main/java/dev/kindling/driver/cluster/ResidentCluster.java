package dev.kindling.driver.cluster;

import dev.kindling.job.tensor.Precision;
import dev.kindling.job.tensor.Storage;
import dev.kindling.job.wire.Failure;
import dev.kindling.job.wire.Job;
import dev.kindling.job.wire.Wire;
import dev.kindling.job.wire.WorkOrder;
import dev.kindling.job.wire.WorkReply;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * {@code cluster.mode = resident}: rounds over workers that stay connected. Every round is dealt to the links that are
 * there when it begins; a link that comes later works from the next round on.
 *
 * <p>A lost link's range is dealt again at once. A range that takes much longer than others did is dealt a second time to
 * a link with nothing to do, and the first answer counts; a link that still owes an answer from an earlier round gets
 * nothing until it has given it. Which link did what, and how often, leaves no trace in the sum.
 */
public final class ResidentCluster implements Cluster {
    /** Bytes of a vector or a sum from which on executors exchange slices of it, if they can reach each other. */
    public static final long LEAST_EXCHANGED = Exchange.Terms.MEASURED.bytes();

    private static final Duration TICK = Duration.ofMillis(500);

    /** As many failures of one range end the run: Spark's own number for a Spark task. */
    private static final int MOST_FAILURES = 4;
    /** A lost executor may be nobody's fault; but a range that kills every executor must end sometime. */
    private static final int MOST_LOSSES = 8;

    private static final Logger LOG = LoggerFactory.getLogger(ResidentCluster.class);

    private final Job job;
    private final byte[] jobBytes;
    private final Inbox inbox;
    private final LongSupplier nanoTime;
    private final Supplier<Optional<String>> complaint;
    private final Exchanges exchanges;
    private final Solitude solitude;
    private final Lateness lateness;
    private final OutlierDetector outliers;
    private final Seats seats = new Seats();
    private long version;
    private @Nullable Cut upcoming;
    private @Nullable Cut current;

    /**
     * A cluster without workers.
     *
     * @param inbox what its links will tell
     * @param nanoTime as {@link System#nanoTime}
     * @param complaint why worker jobs fail lately, in one clause, where they do; asked while there is no link, and
     *     throws ClusterException where there will never be one
     */
    public ResidentCluster(
            Job job,
            ClusterSettings settings,
            Inbox inbox,
            LongSupplier nanoTime,
            Supplier<Optional<String>> complaint) {
        this(job, settings, inbox, nanoTime, complaint, Exchange.Terms.MEASURED);
    }

    /** A cluster with its own terms for exchanges. */
    ResidentCluster(
            Job job,
            ClusterSettings settings,
            Inbox inbox,
            LongSupplier nanoTime,
            Supplier<Optional<String>> complaint,
            Exchange.Terms terms) {
        this.job = job;
        this.jobBytes = Wire.encodeJob(job);
        this.inbox = inbox;
        this.nanoTime = nanoTime;
        this.complaint = complaint;
        this.exchanges = new Exchanges(terms);
        this.solitude = new Solitude(settings.patience(), nanoTime);
        this.lateness = new Lateness(nanoTime);
        this.outliers = new OutlierDetector(nanoTime);
    }

    @Override
    public RoundResult run(Request request, Storage shared, Ahead ahead) {
        try {
            solitude.end();
            lateness.beginRound();
            outliers.beginRound();
            listen(Duration.ZERO);
            dropSilent();
            Cut cut = cut(request);
            current = cut;
            begin(cut, shared);
            ahead.next().ifPresent(this::sendAhead);
            while (!cut.round().complete()) {
                listen(lateness.patience(cut.deals(), seats.all(), patienceForSlices(cut)));
                attend(cut);
            }
            exchanges.count(cut);
            return looked(cut.result(), request);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ClusterException(request + " was interrupted", e);
        } finally {
            current = null;
        }
    }

    /** The result, with what there is to report of its sums. Those that stayed with executors came as one. */
    private RoundResult looked(RoundResult result, Request request) {
        if (outliers.isEmpty()) {
            outliers.add(
                    () -> "executors that exchange slices, together,", OutlierDetector.size(List.of(result.root())));
        }
        return result.noticing(outliers.endRound(request));
    }

    /** What was sent ahead is good as long as the same seats are free; else the request is cut anew. */
    @SuppressWarnings("ReferenceEquality")
    private Cut cut(Request request) throws InterruptedException {
        Cut ahead = upcoming;
        upcoming = null;
        List<Seat> free = seats.free();
        if (ahead != null && ahead.request() == request && ahead.seats().equals(free)) {
            return ahead;
        }
        while (free.isEmpty()) {
            requireSomebody(request);
            listen(TICK);
            free = seats.free();
        }
        return cut(request, free);
    }

    private Cut cut(Request request, List<Seat> free) {
        long number = ++version;
        Round round =
                new Round(job, request, number, free.stream().map(Seat::threads).toList());
        List<Seat> workers = round.workers().stream().map(free::get).toList();
        Precision precision = job.options().precision();
        Optional<Exchange> exchanged = exchanges.ofSums(workers, number, round.numbers(), precision);
        List<Deal> deals = new ArrayList<>();
        for (int i = 0; i < workers.size(); i++) {
            WorkOrder order = round.orders().get(i);
            deals.add(new Deal(exchanged.isPresent() ? order.keeping() : order, workers.get(i)));
        }
        return new Cut(request, number, round, deals, free, exchanged, nanoTime);
    }

    private void begin(Cut cut, Storage shared) {
        if (exchanges.ofVector(cut.workers(), shared)) {
            cut.beginInSlices(shared);
        } else {
            cut.begin(shared);
        }
    }

    /** The next round's specs travel while this round's are being computed; its vector follows when it is known. */
    private void sendAhead(Request next) {
        Cut now = current;
        if (now != null) {
            Cut ahead = cut(next, now.seats());
            ahead.deals().forEach(Deal::sendAhead);
            upcoming = ahead;
        }
    }

    private Duration patienceForSlices(Cut cut) {
        Exchange exchange = cut.exchange();
        Duration patience = exchange == null ? TICK : exchange.patience(nanoTime.getAsLong());
        return patience.compareTo(TICK) < 0 ? patience.plusNanos(1) : TICK;
    }

    private void requireSomebody(Request request) {
        if (seats.anyReady()) {
            solitude.end();
        }
        if (seats.isEmpty()) {
            solitude.require(request, complaint.get());
        }
        // Those who are there may be opening the job; but one that comes and goes does not set the clock back.
    }

    /** Hears one event, or none within the given time, and all that have come in the meantime. */
    private void listen(Duration patience) throws InterruptedException {
        Optional<Inbox.Event> event = inbox.next(patience);
        while (event.isPresent()) {
            hear(event.get());
            event = inbox.next(Duration.ZERO);
        }
    }

    private void hear(Inbox.Event event) {
        if (event instanceof Inbox.Joined) {
            LOG.info("executor {} has joined", event.link().name());
            seats.join(event.link(), nanoTime.getAsLong());
            event.link().send(jobBytes);
            return;
        }
        Seat seat = seats.of(event.link());
        if (seat == null) {
            return;
        }
        seat.heard(nanoTime.getAsLong());
        if (event instanceof Inbox.Present present) {
            seat.present(present.threads());
        } else if (event instanceof Inbox.Answered answered) {
            hear(seat, answered);
        } else if (event instanceof Inbox.Refused refused) {
            refuse(seat, refused.failure());
        } else if (event instanceof Inbox.Lost) {
            drop(seat, "is lost");
        } else {
            hearOfSlices(seat, event);
        }
    }

    private void hearOfSlices(Seat seat, Inbox.Event event) {
        Cut cut = current;
        if (event instanceof Inbox.Kept kept) {
            hear(seat, kept);
        } else if (event instanceof Inbox.Lacks lacks) {
            hear(cut, seat, lacks);
        } else if (cut == null) {
            return;
        } else if (event instanceof Inbox.Folded folded && folded.shared() == cut.version()) {
            hear(cut, seat, folded);
        } else if (event instanceof Inbox.NotFolded failed && failed.shared() == cut.version()) {
            endExchange(cut, "executor " + seat.link().name() + " could not fold its slice: " + failed.why());
        }
    }

    private void hear(@Nullable Cut cut, Seat seat, Inbox.Lacks lacks) {
        if (cut != null && lacks.version() == cut.version()) {
            LOG.warn("executor {} is sent the whole vector of {}", seat.link().name(), cut.request());
            cut.sendWhole(seat);
        } else {
            // Others have done what it was to do; without this it would owe that for ever, and get nothing more.
            LOG.warn(
                    "executor {} did not get vector {} together in time",
                    seat.link().name(),
                    lacks.version());
            seat.forget(lacks.version());
        }
    }

    private void hear(Seat seat, Inbox.Kept kept) {
        int firstTask = kept.reply().firstTask();
        long since = seat.settle(kept.shared(), firstTask, kept.at());
        Cut cut = current;
        Exchange exchange = cut == null || kept.shared() != cut.version() ? null : cut.exchange();
        if (cut == null || exchange == null) {
            // What is kept for an exchange that is over may be asked for again, and then comes as an answer.
            return;
        }
        cut.received(kept.bytes());
        Optional<Deal> deal = cut.deal(firstTask);
        if (deal.isEmpty()) {
            drop(seat, "answers what it was not asked");
        } else if (deal.get().isDone()) {
            deal.get().take(seat);
        } else {
            keep(cut, exchange, deal.get(), seat, kept.reply(), kept.at() - since);
        }
    }

    private void keep(Cut cut, Exchange exchange, Deal deal, Seat seat, WorkReply reply, long took) {
        try {
            cut.round().requireFits(reply);
        } catch (ClusterException e) {
            refuse(deal, seat, e);
            return;
        }
        lateness.answered(took);
        if (seat.link().peer().isEmpty()) {
            // It came after the round was cut, and nobody can fetch from it.
            cut.keptOutOfReach(exchange, deal, seat, reply);
            endExchange(cut, "executor " + seat.link().name() + " cannot be reached by the others");
        } else {
            cut.kept(exchange, deal, seat, reply, took);
        }
    }

    private void hear(Cut cut, Seat seat, Inbox.Folded folded) {
        cut.received(folded.bytes());
        Exchange exchange = cut.exchange();
        if (exchange != null && !cut.take(exchange, seat, folded.slice(), folded.sums())) {
            drop(seat, "sends a slice that it was not asked for");
        }
    }

    private void endExchange(Cut cut, String why) {
        Exchange exchange = cut.exchange();
        if (exchange != null) {
            LOG.warn("{} goes on without an exchange of slices: {}", cut.request(), why);
            cut.endExchange(exchange, List.copyOf(seats.all()));
        }
    }

    private void hear(Seat seat, Inbox.Answered answered) {
        long since = seat.settle(answered.shared(), answered.firstTask(), answered.at());
        Cut cut = current;
        if (cut == null) {
            return;
        }
        cut.received(answered.bytes());
        if (answered.shared() != cut.version()) {
            return;
        }
        Optional<Deal> deal = cut.deal(answered.firstTask());
        if (deal.isEmpty()) {
            drop(seat, "answers what it was not asked");
        } else if (answered.answer() instanceof WorkReply && cut.exchange() != null) {
            drop(seat, "sends sums that it was asked to keep");
        } else if (answered.answer() instanceof WorkReply reply) {
            accept(cut, deal.get(), seat, reply, answered.at() - since);
        } else {
            refuse(cut, deal.get(), seat, (Failure) answered.answer());
        }
    }

    private void accept(Cut cut, Deal deal, Seat seat, WorkReply reply, long took) {
        long begin = nanoTime.getAsLong();
        // Before the fold, which adds in place.
        double size = OutlierDetector.size(reply.nodes());
        try {
            if (!cut.round().accept(reply)) {
                return;
            }
        } catch (ClusterException e) {
            refuse(deal, seat, e);
            return;
        }
        lateness.answered(took);
        Link link = seat.link();
        outliers.add(() -> "executor " + link.name() + " on " + link.host() + ", for " + deal + ",", size);
        cut.done(deal, reply, took, nanoTime.getAsLong() - begin);
    }

    /** A reply that does not fit its order: who sent it is not asked again. */
    private void refuse(Deal deal, Seat seat, ClusterException why) {
        if (deal.fail(seat) >= MOST_FAILURES) {
            throw why;
        }
        drop(seat, why.getMessage());
    }

    private void refuse(Cut cut, Deal deal, Seat seat, Failure failure) {
        LOG.warn("executor {} failed at {} of {}: {}", seat.link().name(), deal, cut.request(), failure.sentence());
        int failures = deal.fail(seat);
        if (failure.kind() != Failure.Kind.UNFORESEEN) {
            // One executor may be alone with its trouble, such as a file system that its dying JVM has closed already.
            if (failures > 1 || !seats.othersReady(seat)) {
                throw failure.exception();
            }
        } else if (failures >= MOST_FAILURES) {
            throw new ClusterException(
                    deal + " of " + cut.request() + " failed " + MOST_FAILURES + " times: " + failure.sentence());
        }
        // Where nobody else holds it, it is dealt again when all that has been told is heard.
        deal.take(seat);
    }

    /** An executor cannot open the job: final where no other one could. */
    private void refuse(Seat seat, Failure failure) {
        if (!seats.othersReady(seat)) {
            throw failure.exception();
        }
        drop(seat, "cannot open the job: " + failure.sentence());
    }

    private void drop(Seat seat, @Nullable String why) {
        LOG.warn("executor {} {}", seat.link().name(), why);
        seats.remove(seat);
        seat.link().close();
        Cut cut = current;
        if (cut == null) {
            return;
        }
        Exchange exchange = cut.exchange();
        if (exchange != null && !cut.forget(exchange, seat)) {
            endExchange(cut, "executor " + seat.link().name() + " is gone");
        }
        for (Deal deal : cut.deals()) {
            if (deal.take(seat) && deal.lose() >= MOST_LOSSES) {
                throw new ClusterException(
                        deal + " of " + cut.request() + " were lost with " + MOST_LOSSES + " executors");
            }
        }
    }

    /** Where nobody is there, to the first that comes. */
    private void dealAgain(Cut cut, Deal deal) {
        seats.best(deal).ifPresent(seat -> {
            LOG.info(
                    "{} of {} are dealt again, to executor {}",
                    deal,
                    cut.request(),
                    seat.link().name());
            cut.give(deal, seat);
        });
    }

    /** What no event tells: links that are silent, ranges that are nobody's, ranges that are slow. */
    private void attend(Cut cut) {
        dropSilent();
        requireSomebody(cut.request());
        Exchange exchange = cut.exchange();
        if (exchange != null && exchange.isLate(nanoTime.getAsLong())) {
            endExchange(cut, "slices are late");
        }
        for (Deal deal : cut.deals()) {
            if (!deal.isDone() && deal.holders().isEmpty()) {
                dealAgain(cut, deal);
            } else if (lateness.isSlow(deal)) {
                seats.idle(deal).ifPresent(seat -> {
                    LOG.info(
                            "{} of {} are slow and dealt to executor {} too",
                            deal,
                            cut.request(),
                            seat.link().name());
                    cut.give(deal, seat);
                });
            }
        }
    }

    private void dropSilent() {
        lateness.silent(seats.all())
                .forEach(seat -> drop(seat, "has been silent for " + Lateness.SILENCE.toSeconds() + " s"));
    }

    @Override
    public void close() {
        byte[] farewell = Wire.encodeClosed();
        seats.all().forEach(seat -> seat.link().send(farewell));
        seats.clear();
        inbox.drain().stream()
                .filter(Inbox.Joined.class::isInstance)
                .forEach(event -> event.link().send(farewell));
    }
}
