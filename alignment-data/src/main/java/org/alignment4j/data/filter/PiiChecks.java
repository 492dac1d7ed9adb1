package org.alignment4j.data.filter;

import com.google.common.base.CharMatcher;
import com.google.common.base.Splitter;
import com.google.common.net.InetAddresses;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** Checks of personal data that a pattern cannot express. */
final class PiiChecks {
  private static final int NONE = -1;
  private static final int MIN_CARD_DIGITS = 13;

  /** ISO 13616: the characters of an IBAN, by country. */
  private static final Map<String, Integer> IBAN_LENGTHS =
      Splitter.on(' ')
          .splitToStream(
              "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22"
                  + " DJ27 DK18 DO28 EE20 EG29 ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27"
                  + " GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21"
                  + " LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15"
                  + " OM23 PK24 PL28 PS29 PT25 QA29 RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24"
                  + " SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30")
          .collect(
              Collectors.toUnmodifiableMap(
                  entry -> entry.substring(0, 2), entry -> Integer.valueOf(entry.substring(2))));

  private static final CharMatcher CLOSING = CharMatcher.anyOf(".,;:!?)]}>\"'");

  private PiiChecks() {}

  static int any(String text, int begin, int end) {
    return end;
  }

  /** Excludes a sentence's punctuation after an address. */
  static int url(String text, int begin, int end) {
    int last = end;
    while (CLOSING.matches(text.charAt(last - 1))) {
      last--;
    }
    return last;
  }

  /** Finds the longest run of whole groups that has 13 to 19 digits and Luhn's check digit. */
  static int card(String text, int begin, int end) {
    for (int last = end; last > begin; last--) {
      boolean ends = isDigit(text, last - 1) && !isDigit(text, last);
      if (ends && isLuhn(text, begin, last)) {
        return last;
      }
    }
    return NONE;
  }

  private static boolean isLuhn(String text, int begin, int end) {
    int digits = 0;
    int sum = 0;
    for (int i = end - 1; i >= begin; i--) {
      if (isDigit(text, i)) {
        int digit = text.charAt(i) - '0';
        int weighted = digits % 2 == 1 ? 2 * digit : digit;
        sum += weighted > 9 ? weighted - 9 : weighted;
        digits++;
      }
    }
    return digits >= MIN_CARD_DIGITS && sum % 10 == 0;
  }

  /** Checks the length for its country, and ISO 7064's check digits. */
  static int iban(String text, int begin, int end) {
    String country = text.substring(begin, begin + 2).toUpperCase(Locale.ROOT);
    int length = IBAN_LENGTHS.getOrDefault(country, Integer.MAX_VALUE);
    StringBuilder plain = new StringBuilder();
    for (int i = begin; i < end; i++) {
      if (isLetterOrDigit(text, i)) {
        plain.append(Character.toUpperCase(text.charAt(i)));
        if (plain.length() == length) {
          return !isLetterOrDigit(text, i + 1) && isMod97(plain) ? i + 1 : NONE;
        }
      }
    }
    return NONE;
  }

  private static boolean isMod97(CharSequence iban) {
    int rest = 0;
    for (int i = 0; i < iban.length(); i++) {
      int value = Character.digit(iban.charAt((i + 4) % iban.length()), 36);
      rest = (rest * (value > 9 ? 100 : 10) + value) % 97;
    }
    return rest == 1;
  }

  static int ipv4(String text, int begin, int end) {
    return Splitter.on('.')
            .splitToStream(text.substring(begin, end))
            .allMatch(part -> Integer.parseInt(part) <= 255)
        ? end
        : NONE;
  }

  /** Excludes a colon after it, and names such as {@code a::b}. */
  static int ipv6(String text, int begin, int end) {
    boolean colonBehind = text.charAt(end - 1) == ':' && text.charAt(end - 2) != ':';
    int last = colonBehind ? end - 1 : end;
    String address = text.substring(begin, last);
    return address.indexOf(':') >= 0
            && CharMatcher.inRange('0', '9').matchesAnyOf(address)
            && InetAddresses.isInetAddress(address)
        ? last
        : NONE;
  }

  private static boolean isDigit(String text, int i) {
    return i < text.length() && text.charAt(i) >= '0' && text.charAt(i) <= '9';
  }

  private static boolean isLetterOrDigit(String text, int i) {
    return i < text.length() && Character.isLetterOrDigit(text.charAt(i));
  }
}
