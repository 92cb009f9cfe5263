package dev.kindling.driver.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class KeyValueOverrideTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "hdfs://name:8020/folder",
                "a b",
                "/tmp/x#y",
                "file:///data,more",
                "1.2.3",
                "",
                "NaN",
                "10s",
                "[1, 2",
                "truth"
            })
    void otherValuesAreText(String text) {
        assertThat(KeyValueOverride.parse("a.b=" + text).value().unwrapped()).isEqualTo(text);
    }

    @ParameterizedTest
    @CsvSource({"10,10", "-3,-3", "1e4,10000"})
    void integersAreNumbers(String text, long number) {
        assertThat(((Number) KeyValueOverride.parse("a=" + text).value().unwrapped()).longValue())
                .isEqualTo(number);
    }

    @Test
    void fractionsBooleansListsAndObjectsAreTyped() {
        assertThat(KeyValueOverride.parse("a=1e-3").value().unwrapped()).isEqualTo(0.001);
        assertThat(KeyValueOverride.parse("a=true").value().unwrapped()).isEqualTo(true);
        assertThat(KeyValueOverride.parse("a=[0.1, 5]").value().unwrapped()).isEqualTo(List.of(0.1, 5));
        assertThat(KeyValueOverride.parse("a={ from = 1 }").value().unwrapped()).isEqualTo(Map.of("from", 1));
    }

    @Test
    void onlyTheFirstEqualsSignSeparates() {
        assertThat(KeyValueOverride.parse("a=b=c").value().unwrapped()).isEqualTo("b=c");
    }

    @ParameterizedTest
    @ValueSource(strings = {"run.rounds", "=5", "", "a..b=1"})
    void malformedAssignmentsAreRefusedWithTheirText(String text) {
        assertThatThrownBy(() -> KeyValueOverride.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("--set is " + text);
    }
}
