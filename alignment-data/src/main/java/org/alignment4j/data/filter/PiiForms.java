package org.alignment4j.data.filter;

import java.util.List;
import java.util.regex.Pattern;

/** The patterns of the kinds of personal data. */
final class PiiForms {
  /** Not within a word or number. */
  private static final String BEGIN = "(?<![\\p{L}\\p{N}])";

  private static final String END = "(?![\\p{L}\\p{N}])";

  private static final String URL = "[A-Za-z][A-Za-z0-9+.-]{1,15}://[^\\s/?#@]{1,256}+@\\S++";

  private static final String EMAIL =
      "[\\p{L}\\p{N}][\\p{L}\\p{N}\\p{M}._%+'-]{0,63}+@(?:[\\p{L}\\p{N}\\p{M}-]{1,63}+\\.){1,8}"
          + "(?:[Xx][Nn]--[A-Za-z0-9-]{2,59}|\\p{L}{2,24})";

  private static final String IBAN = BEGIN + "[A-Za-z]{2}[0-9]{2}(?:[ -]?[A-Za-z0-9]){11,30}";

  private static final String CARD = BEGIN + "[2-6](?:[ -]?[0-9]){12,18}";

  private static final String SSN =
      BEGIN + "(?!000|666|9)[0-9]{3}([ -])(?!00)[0-9]{2}\\1(?!0000)[0-9]{4}" + END;

  private static final String IPV4 =
      BEGIN + "(?<![0-9]\\.)[0-9]{1,3}(?:\\.[0-9]{1,3}){3}" + END + "(?!\\.[0-9])";

  /** A whole run of hexadecimal digits and colons, or the part after a word and its colon. */
  private static final String IPV6 =
      "(?:(?<![\\p{L}\\p{N}:])|(?<=[\\p{L}&&[^A-Fa-f]]:))[0-9A-Fa-f:]{2,40}+"
          + "(?:(?<=[0-9])(?:\\.[0-9]{1,3}){3})?(?![\\p{L}\\p{N}:])";

  private static final String INTERNATIONAL =
      "(?:\\+|00)[1-9](?:[ .()/-]{0,2}[0-9]){6,14}(?![0-9])";

  private static final String AMERICAN =
      "(?:1[ .-])?(?:\\([2-9][0-9]{2}\\) ?|[2-9][0-9]{2}[ .-])[0-9]{3}[ .-][0-9]{4}" + END;

  private static final String PAIRS = "0[1-9](?:[ .-][0-9]{2}){4}" + END;

  private static final String TRUNK = "0[1-9][0-9]{1,3}[ /.-]?[0-9]{3,4}[ .-]?[0-9]{3,4}" + END;

  private static final String PHONE =
      BEGIN + "(?:" + String.join("|", INTERNATIONAL, AMERICAN, PAIRS, TRUNK) + ")";

  private PiiForms() {}

  static List<PiiDetector> of(PiiScrubber.Kind kind) {
    String name = kind.name();
    return switch (kind) {
      case URL_WITH_CREDENTIALS -> List.of(form(name, "://", URL, PiiChecks::url));
      case EMAIL -> List.of(form(name, "@", EMAIL, PiiChecks::any));
      case IBAN -> List.of(form(name, "", IBAN, PiiChecks::iban));
      case CREDIT_CARD -> List.of(form(name, "", CARD, PiiChecks::card));
      case US_SSN -> List.of(form(name, "", SSN, PiiChecks::any));
      case IP_ADDRESS ->
          // An IPv6 address can end in an IPv4 address.
          List.of(form(name, ":", IPV6, PiiChecks::ipv6), form(name, ".", IPV4, PiiChecks::ipv4));
      case PHONE -> List.of(form(name, "", PHONE, PiiChecks::any));
    };
  }

  private static PiiDetector form(
      String name, String needed, String pattern, PiiDetector.Check check) {
    return new PiiDetector(name, needed, Pattern.compile(pattern), check);
  }
}
