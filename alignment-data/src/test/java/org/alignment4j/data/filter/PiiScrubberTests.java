package org.alignment4j.data.filter;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import java.math.BigInteger;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.LongRange;
import org.alignment4j.data.filter.PiiScrubber.Kind;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PiiScrubberTests {
  private static final PiiScrubber STANDARD = PiiScrubber.standard();

  private static String scrub(String text) {
    return STANDARD.scrub(text).text();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "mail bob.o'neil+x@mail.example.co.uk. Bye | mail [EMAIL]. Bye",
        "<\u00e9va@b\u00fccher.de>,a_b@x.museum | <[EMAIL]>,[EMAIL]",
        "xbob@example.com1.2.3.4 | [EMAIL][IP_ADDRESS]",
        "bob@xn--bcher-kva.xn--p1ai | [EMAIL]",
        "call +49 (0)30 1234-5678 now | call [PHONE] now",
        "+14155552671, 0049 30 123456 | [PHONE], [PHONE]",
        "(415) 555-2671 or 415.555.2671 or 1-415-555-2671 | [PHONE] or [PHONE] or [PHONE]",
        "020 7946 0958; 01632 960983; 030/12345678 | [PHONE]; [PHONE]; [PHONE]",
        "01 23 45 67 89 | [PHONE]",
        "from 192.168.1.255:80 | from [IP_ADDRESS]:80",
        "ip:2001:db8::ff00:42:8329 and ::1, fe80::1: yes | ip:[IP_ADDRESS] and [IP_ADDRESS],"
            + " [IP_ADDRESS]: yes",
        "::ffff:192.0.2.128 | [IP_ADDRESS]",
        "4111 1111 1111 1111 and 5500-0000-0000-0004 | [CREDIT_CARD] and [CREDIT_CARD]",
        "378282246310005 12 | [CREDIT_CARD] 12",
        "23 4111111111111111 | 23 [CREDIT_CARD]",
        "DE89 3704 0044 0532 0130 00, gb82west12345698765432. | [IBAN], [IBAN].",
        "SSN 078-05-1120 | SSN [US_SSN]",
        "(https://joe:s3cret@host.org/a?b) | ([URL_WITH_CREDENTIALS])",
        "git clone https://ghp_token@host.org/x.git. | git clone [URL_WITH_CREDENTIALS].",
        "[EMAIL]bob@example.com[PHONE] | [EMAIL][EMAIL][PHONE]",
      })
  void whatIsPersonalIsReplaced(String text, String expected) {
    assertEquals(expected, scrub(text));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "At 12:30:45 on 2024-01-15 we sold 1,234,567.89 of 3.14159265358979.",
        "Version 1.2.3, section 10.1.2.3.4, std::vector, a::b, MAC 00:1A:2B:3C:4D:5E",
        "300.1.2.3 and 4111 1111 1111 1112 and GB82 WEST 1234 5698 7654 33",
        "000-12-3456, 666-12-3456, 900-12-3456, 123-00-4567, 123-45-0000",
        "https://example.com/@joe?mail=a http://host:80/ @joe user@localhost",
        "order 123456789, pages 100-200, 5551234567",
        "call it [NAME] or [EMAIL",
      })
  void whatIsNotStays(String text) {
    PiiScrubber.Scrubbed scrubbed = STANDARD.scrub(text);
    assertEquals(text, scrubbed.text());
    assertEquals(Map.of(), scrubbed.counts());
  }

  @Test
  void countsAreByKindAndLeaveOutWhatWasThere() {
    assertEquals(
        Map.of("EMAIL", 2, "US_SSN", 1),
        STANDARD.scrub("a@b.com [EMAIL] 078-05-1120 c@d.org [PHONE]").counts());
  }

  @Test
  void usersAddKinds() {
    PiiScrubber scrubber =
        PiiScrubber.of(List.of(Kind.EMAIL)).with("TICKET", Pattern.compile("T-\\d+|x*"));
    PiiScrubber.Scrubbed scrubbed = scrubber.scrub("T-12 a@b.com 1.2.3.4 xx");
    assertEquals("[TICKET] [EMAIL] 1.2.3.4 [TICKET]", scrubbed.text());
    assertEquals(Map.of("TICKET", 2, "EMAIL", 1), scrubbed.counts());
    Pattern any = Pattern.compile("x");
    assertThrows(IllegalArgumentException.class, () -> scrubber.with("lower", any));
    assertThrows(IllegalArgumentException.class, () -> scrubber.with("EMAIL", any));
    assertThrows(IllegalArgumentException.class, () -> PiiScrubber.of(List.of()));
  }

  /** Pieces that are personal data, nearly so, or what may stand between, in any order. */
  @Provide
  Arbitrary<String> mixtures() {
    return Arbitraries.of(
            "bob@example.com",
            "a@b.c",
            "1.2.3.4",
            "::1",
            "fe80::",
            "+49 30 123456",
            "555-123-4567",
            "(415) 555-2671",
            "4111 1111 1111 1111",
            "4111111111111111",
            "078-05-1120",
            "DE89370400440532013000",
            "GB82 WEST 1234 5698 7654 32",
            "https://u:p@h.org/",
            "[EMAIL]",
            "[PHONE",
            "]",
            "[",
            " ",
            "",
            ".",
            "-",
            "1",
            "0",
            "x",
            ":",
            "@",
            "+",
            "/",
            "(",
            "\u00e9",
            "\uD83D\uDE00",
            "\uD83D",
            "://")
        .list()
        .ofMaxSize(14)
        .map(parts -> String.join("", parts));
  }

  @Property(tries = 5000)
  void scrubbingTwiceIsScrubbingOnce(@ForAll("mixtures") String text) {
    PiiScrubber.Scrubbed once = STANDARD.scrub(text);
    PiiScrubber.Scrubbed twice = STANDARD.scrub(once.text());
    assertEquals(once.text(), twice.text());
    assertEquals(Map.of(), twice.counts());
  }

  @Property(tries = 300)
  void textWithoutDigitsAndAtSignsIsUntouched(@ForAll String text) {
    String plain = text.replaceAll("[\\p{N}@]", "").replace("::", ":");
    assertEquals(plain, scrub(plain));
  }

  /** Luhn's and ISO 7064's check digits, computed otherwise; a changed digit is found out. */
  @Property(tries = 300)
  void checkDigitsDecide(@ForAll @LongRange(min = 0, max = 99_999_999_999_999L) long number) {
    String body = "4" + String.format("%014d", number);
    int sum = 0;
    for (int i = 0; i < body.length(); i++) {
      int digit = body.charAt(i) - '0';
      sum += i % 2 == 0 ? 2 * digit / 10 + 2 * digit % 10 : digit;
    }
    int check = (10 - sum % 10) % 10;
    PiiScrubber cards = PiiScrubber.of(List.of(Kind.CREDIT_CARD));
    assertEquals("[CREDIT_CARD]", cards.scrub(body + check).text());
    String wrong = body + (check + 1) % 10;
    assertEquals(wrong, cards.scrub(wrong).text());

    String account = String.format("%018d", number);
    BigInteger value = new BigInteger(account + "131400");
    int digits = 98 - value.mod(BigInteger.valueOf(97)).intValue();
    PiiScrubber ibans = PiiScrubber.of(List.of(Kind.IBAN));
    assertEquals("[IBAN]", ibans.scrub(String.format("DE%02d%s", digits, account)).text());
    String other = String.format("DE%02d%s", digits % 97 + 2, account);
    assertEquals(other, ibans.scrub(other).text());
  }

  @Tag("slow")
  @ParameterizedTest
  @ValueSource(
      strings = {
        "a",
        "1",
        "4",
        "0",
        "1 ",
        "1.",
        "1:",
        "a:",
        ":",
        "a.",
        "a-",
        "a@",
        "@",
        "a@a.",
        "a@a-",
        "+",
        "+1",
        "+1(",
        "0-",
        "http://",
        "http://a:",
        "a://a:a",
        "DE11 ",
        "DE11",
        "A1 ",
        "[",
        "[EMAIL",
        "[EMAIL]",
        "1.2.3.4",
        "1.2.3.4 ",
        "a@b.cc",
        "a@b.cc ",
        "::1",
        "4111111111111111",
        "4111 1111 1111 1111 ",
        "078-05-1120",
        "078-05-1120-",
        "https://u:p@h ",
        "+49 30 123456 "
      })
  void timeIsLinearWhateverTheText(String unit) {
    String text = unit.repeat((1 << 17) / unit.length());
    for (String hostile : List.of(text + "@", text + " 1.2.3.4 a@b.cc")) {
      assertTimeoutPreemptively(Duration.ofSeconds(20), () -> STANDARD.scrub(hostile));
    }
  }
}
