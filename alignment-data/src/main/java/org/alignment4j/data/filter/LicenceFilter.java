package org.alignment4j.data.filter;

import static org.alignment4j.internal.text.Arguments.require;

import com.google.common.base.Splitter;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Accepts texts under the licences of a list (Safer-Instruct, stage 0). Licences are SPDX
 * identifiers, ignoring case, or several joined by {@code OR}, of which one must be on the list, or
 * by {@code AND}, of which all must; AND binds more tightly. Immutable and thread-safe.
 */
public final class LicenceFilter {
  /**
   * Licences that allow use, modification and distribution, with or without attribution, and
   * derived works under other licences.
   */
  public static final List<String> PERMISSIVE =
      List.of(
          "0BSD",
          "Apache-2.0",
          "BSD-2-Clause",
          "BSD-3-Clause",
          "BSL-1.0",
          "CC-BY-1.0",
          "CC-BY-2.0",
          "CC-BY-2.5",
          "CC-BY-3.0",
          "CC-BY-4.0",
          "CC-PDDC",
          "CC0-1.0",
          "CDLA-Permissive-1.0",
          "CDLA-Permissive-2.0",
          "ISC",
          "MIT",
          "MIT-0",
          "ODC-By-1.0",
          "PDDL-1.0",
          "PostgreSQL",
          "Unlicense",
          "UPL-1.0",
          "Zlib");

  private static final Set<String> NO_STATEMENT = Set.of("", "noassertion", "unknown");

  private final Set<String> allowed;
  private final boolean unknownToo;

  private LicenceFilter(Set<String> allowed, boolean unknownToo) {
    this.allowed = allowed;
    this.unknownToo = unknownToo;
  }

  /** The decision of the filter. */
  public enum Decision {
    /** Keep. */
    ALLOWED,
    /** Drop: the licence is not on the list. */
    NOT_ALLOWED,
    /** Drop: the licence of the text is unknown. */
    UNKNOWN
  }

  /** Returns a filter with the licences of {@link #PERMISSIVE}. */
  public static LicenceFilter permissive() {
    return of(PERMISSIVE);
  }

  /**
   * Returns a filter with a list of licences.
   *
   * @param identifiers SPDX identifiers, none blank
   */
  public static LicenceFilter of(Collection<String> identifiers) {
    for (String identifier : identifiers) {
      require(!identifier.isBlank(), "a licence identifier is blank");
    }
    return new LicenceFilter(
        identifiers.stream().map(LicenceFilter::folded).collect(Collectors.toUnmodifiableSet()),
        false);
  }

  /**
   * Returns this filter, accepting also texts of unknown licence: blank, NOASSERTION or "unknown".
   */
  public LicenceFilter withUnknown() {
    return new LicenceFilter(allowed, true);
  }

  /** Returns whether a text under this licence may be used. */
  public Decision decide(String licence) {
    if (NO_STATEMENT.contains(folded(licence))) {
      return unknownToo ? Decision.ALLOWED : Decision.UNKNOWN;
    }
    for (String choice : Splitter.on(" or ").split(folded(licence))) {
      if (Splitter.on(" and ")
          .splitToStream(choice)
          .map(String::strip)
          .allMatch(allowed::contains)) {
        return Decision.ALLOWED;
      }
    }
    return Decision.NOT_ALLOWED;
  }

  private static String folded(String licence) {
    return licence.strip().toLowerCase(Locale.ROOT);
  }
}
