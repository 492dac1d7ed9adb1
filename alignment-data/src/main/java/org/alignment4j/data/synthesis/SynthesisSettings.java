package org.alignment4j.data.synthesis;

import static org.alignment4j.internal.text.Arguments.require;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.alignment4j.data.internal.NormalText;
import org.alignment4j.data.internal.SuffixAutomaton;
import org.alignment4j.data.request.ChatRequest.Sampling;
import org.alignment4j.internal.text.StrictJson;

/**
 * Settings of a synthesis run. Immutable.
 *
 * @param seed seed of everything random
 * @param instructions number of instructions induced per text, 1 to 4
 * @param rules the cheap rules for instructions
 * @param minNaturalFit minimum natural fit in the judge's answer, 0 to 4
 * @param judgeTries maximum number of requests to a judge until its answer is valid, 1 or more
 * @param answerTries maximum number of answers of an expert until one passes, 1 or more
 * @param judging the sampling of judges' answers
 * @param answering the sampling of experts' answers
 */
public record SynthesisSettings(
    long seed,
    int instructions,
    InstructionRules rules,
    int minNaturalFit,
    int judgeTries,
    int answerTries,
    Sampling judging,
    Sampling answering) {
  /**
   * @throws IllegalArgumentException if a number is out of range
   */
  public SynthesisSettings {
    require(
        instructions >= 1 && instructions <= 4,
        "1 to 4 instructions are induced for a text, was %s",
        instructions);
    require(
        minNaturalFit >= 0 && minNaturalFit <= 4,
        "the least natural fit must be in 0..4, was %s",
        minNaturalFit);
    require(
        judgeTries >= 1 && answerTries >= 1,
        "tries must be 1 or more, were %s and %s",
        judgeTries,
        answerTries);
  }

  /**
   * Returns a builder with the defaults, the paper's where it states them: one instruction, natural
   * fit 3, three attempts of each kind.
   */
  public static Builder builder() {
    return new Builder();
  }

  /** Builder of {@link SynthesisSettings}. Not thread-safe. */
  public static final class Builder {
    private long seed;
    private int instructions = 1;
    private InstructionRules rules = InstructionRules.STANDARD;
    private int minNaturalFit = 3;
    private int judgeTries = 3;
    private int answerTries = 3;
    private Sampling judging = Sampling.greedy(256);
    private Sampling answering = Sampling.of(512, 0.7, 0.95);

    private Builder() {}

    /** Sets the seed of everything random; default 0. */
    public Builder seed(long value) {
      seed = value;
      return this;
    }

    /** Sets the number of instructions induced per text, 1 to 4; default 1. */
    public Builder instructions(int value) {
      instructions = value;
      return this;
    }

    /** Sets the rules for instructions; default {@link InstructionRules#STANDARD}. */
    public Builder rules(InstructionRules value) {
      rules = value;
      return this;
    }

    /** Sets the minimum natural fit in the judge's answer, 0 to 4; default 3. */
    public Builder minNaturalFit(int value) {
      minNaturalFit = value;
      return this;
    }

    /** Sets the maximum number of requests to a judge until its answer is valid; default 3. */
    public Builder judgeTries(int value) {
      judgeTries = value;
      return this;
    }

    /** Sets the maximum number of answers of an expert until one passes; default 3. */
    public Builder answerTries(int value) {
      answerTries = value;
      return this;
    }

    /** Sets the sampling of judges' answers; default greedy, 256 tokens. */
    public Builder judging(Sampling value) {
      judging = value;
      return this;
    }

    /** Sets the sampling of experts' answers; default temperature 0.7, top-p 0.95, 512 tokens. */
    public Builder answering(Sampling value) {
      answering = value;
      return this;
    }

    /**
     * Builds the settings.
     *
     * @throws IllegalArgumentException if a number is out of range
     */
    public SynthesisSettings build() {
      return new SynthesisSettings(
          seed, instructions, rules, minNaturalFit, judgeTries, answerTries, judging, answering);
    }
  }

  /**
   * The principles that an expert's answers must follow, by category (Safer-Instruct, stage 4),
   * which also define the categories. Immutable.
   *
   * @param general the principles of every category
   * @param byCategory additional principles of each category; its keys are the categories of a run
   * @param benign the categories whose instructions are harmless: the judge must find that they
   *     elicit nothing unsafe, and answers must not refuse
   */
  public record Principles(String general, Map<String, String> byCategory, Set<String> benign) {
    /**
     * Copies map and set, sorted by key.
     *
     * @throws IllegalArgumentException if there is no category, or a benign one is not among them
     */
    public Principles {
      byCategory = Collections.unmodifiableMap(new TreeMap<>(byCategory));
      benign = Collections.unmodifiableSet(new TreeSet<>(benign));
      require(!byCategory.isEmpty(), "principles need a category");
      require(
          byCategory.keySet().containsAll(benign),
          "benign categories %s are not all among %s",
          benign,
          byCategory.keySet());
    }

    /**
     * Returns principles for hate, illegal, nsfw, self-harm (the paper's categories) and benign,
     * worded by this library.
     */
    public static Principles standard() {
      String file = "principles.json";
      try (InputStream in = Principles.class.getResourceAsStream(file)) {
        JsonObject json =
            StrictJson.object(
                new String(
                    Objects.requireNonNull(in, file).readAllBytes(), StandardCharsets.UTF_8));
        Map<String, String> categories = new TreeMap<>();
        json.getAsJsonObject("categories")
            .entrySet()
            .forEach(e -> categories.put(e.getKey(), e.getValue().getAsString()));
        Set<String> benign = new TreeSet<>();
        json.getAsJsonArray("benign").forEach(e -> benign.add(e.getAsString()));
        return new Principles(json.get("general").getAsString(), categories, benign);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    /** Returns these principles with another text for a category, which may be new. */
    public Principles with(String category, String text) {
      Map<String, String> more = new TreeMap<>(byCategory);
      more.put(category, text);
      return new Principles(general, more, benign);
    }

    /** Returns the categories, sorted. */
    public Set<String> categories() {
      return byCategory.keySet();
    }

    /** Returns the text for a category: the general principles and the additional ones. */
    public String text(String category) {
      String more = byCategory.getOrDefault(category, "");
      return more.isBlank() ? general : general + "\n" + more;
    }

    boolean isBenign(String category) {
      return benign.contains(category);
    }
  }

  /**
   * Rules for an induced instruction that need no model (Safer-Instruct, stage 3): its length, and
   * its overlap with the text. Words are runs of letters and digits, ignoring case; in scripts
   * without spaces between words, each character is a word. Immutable.
   *
   * @param minWords minimum number of words, at least 1
   * @param maxWords maximum number of words, at least minWords
   * @param maxCopyRatio exclusive upper limit of the copy ratio; above 0, and above 1 to allow any
   */
  public record InstructionRules(int minWords, int maxWords, double maxCopyRatio) {
    /** 3 to 150 words, copy ratio below 0.5. */
    public static final InstructionRules STANDARD = new InstructionRules(3, 150, 0.5);

    /** The reason why an instruction is dropped. */
    public enum Flaw {
      /** Fewer words than allowed. */
      TOO_SHORT,
      /** More words than allowed. */
      TOO_LONG,
      /** It copies too much of the text, or consists mostly of the text. */
      COPIED
    }

    /**
     * @throws IllegalArgumentException if a number is out of range
     */
    public InstructionRules {
      require(
          minWords >= 1 && minWords <= maxWords,
          "words must be 1 or more and in order, were %d to %d",
          minWords,
          maxWords);
      require(maxCopyRatio > 0, "the highest copy ratio must be above 0, was %s", maxCopyRatio);
    }

    /**
     * Returns the flaw of an instruction; empty if it has none.
     *
     * @param text the text from which it was induced
     */
    public Optional<Flaw> check(String instruction, String text) {
      int words = words(instruction);
      if (words < minWords) {
        return Optional.of(Flaw.TOO_SHORT);
      }
      if (words > maxWords) {
        return Optional.of(Flaw.TOO_LONG);
      }
      return copyRatio(instruction, text) < maxCopyRatio
          ? Optional.empty()
          : Optional.of(Flaw.COPIED);
    }

    /** Returns the number of words; 0 without a letter or digit. */
    public static int words(String text) {
      return NormalText.of(text).plainWords().size();
    }

    /**
     * Returns the length of the longest common run of words, divided by the number of words of the
     * shorter text: 1 if one contains the other, 0 if they share no word or one has none. So it is
     * high both for a text that is mostly a quotation and for one that reveals the other. Linear in
     * time and memory.
     */
    public static double copyRatio(String a, String b) {
      List<String> first = NormalText.of(a).plainWords();
      List<String> second = NormalText.of(b).plainWords();
      int shorter = Math.min(first.size(), second.size());
      return shorter == 0 ? 0 : (double) longestRun(first, second) / shorter;
    }

    private static int longestRun(List<String> a, List<String> b) {
      boolean swap = a.size() > b.size();
      Map<String, Integer> numbers = new HashMap<>();
      SuffixAutomaton runs = new SuffixAutomaton();
      for (String word : swap ? b : a) {
        runs.add(numbers.computeIfAbsent(word, w -> numbers.size()));
      }
      int[] other =
          (swap ? a : b).stream().mapToInt(word -> numbers.getOrDefault(word, -1)).toArray();
      return runs.longestRun(other);
    }
  }
}
