package org.alignment4j.data.synthesis;

import static org.alignment4j.internal.text.Arguments.require;

import com.google.gson.Gson;
import com.google.gson.JsonParseException;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
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

/**
 * Numbers of a synthesis run. Immutable.
 *
 * @param seed of everything that is drawn
 * @param instructions how many are induced for a text, 1 to 4
 * @param rules the cheap rules for instructions
 * @param minNaturalFit the least natural fit that a judge must give, 0 to 4
 * @param judgeTries how often a judge is asked in all until its answer has the right form, 1 or
 *     more
 * @param answerTries how many answers an expert writes in all until one passes, 1 or more
 * @param judging how judges' answers are drawn
 * @param answering how experts' answers are drawn
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
   * @throws IllegalArgumentException if a number is out of its range
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

  /** The paper's where it gives them: one instruction, natural fit 3, three tries of each kind. */
  public static Builder builder() {
    return new Builder();
  }

  /** Sets up {@link SynthesisSettings}. For one thread. */
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

    /** The seed of everything that is drawn; 0 unless set. */
    public Builder seed(long value) {
      seed = value;
      return this;
    }

    /** How many instructions are induced for a text. */
    public Builder instructions(int value) {
      instructions = value;
      return this;
    }

    /** The cheap rules for instructions. */
    public Builder rules(InstructionRules value) {
      rules = value;
      return this;
    }

    /** The least natural fit that a judge must give. */
    public Builder minNaturalFit(int value) {
      minNaturalFit = value;
      return this;
    }

    /** How often a judge is asked in all until its answer has the right form. */
    public Builder judgeTries(int value) {
      judgeTries = value;
      return this;
    }

    /** How many answers an expert writes in all until one passes. */
    public Builder answerTries(int value) {
      answerTries = value;
      return this;
    }

    /** How judges' answers are drawn; greedy, 256 tokens, unless set. */
    public Builder judging(Sampling value) {
      judging = value;
      return this;
    }

    /** How experts' answers are drawn; temperature 0.7, top-p 0.95, 512 tokens, unless set. */
    public Builder answering(Sampling value) {
      answering = value;
      return this;
    }

    /**
     * The settings.
     *
     * @throws IllegalArgumentException if a number is out of its range
     */
    public SynthesisSettings build() {
      return new SynthesisSettings(
          seed, instructions, rules, minNaturalFit, judgeTries, answerTries, judging, answering);
    }
  }

  /**
   * What an expert's answers should keep to, by category (Safer-Instruct, stage 4), and so the list
   * of categories. Immutable.
   *
   * @param general for every category
   * @param byCategory what is added for a category; its keys are the categories of a run
   * @param benign the categories whose instructions are harmless: a judge must find that they
   *     elicit nothing unsafe, and an answer must not refuse
   */
  public record Principles(String general, Map<String, String> byCategory, Set<String> benign) {
    /**
     * Copies map and set, which are then in the order of their keys.
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

    /** As the file has it. */
    private record Json(String general, Map<String, String> categories, Set<String> benign) {}

    /** For hate, illegal, nsfw, self-harm (the paper's) and benign, worded by this library. */
    public static Principles standard() {
      String file = "principles.json";
      try (InputStream in = Principles.class.getResourceAsStream(file)) {
        Json json =
            new Gson()
                .fromJson(
                    new InputStreamReader(Objects.requireNonNull(in, file), StandardCharsets.UTF_8),
                    Json.class);
        return new Principles(json.general(), json.categories(), json.benign());
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      } catch (JsonParseException e) {
        throw new IllegalStateException(file + " is malformed", e);
      }
    }

    /** These principles with another text for a category, which may be new. */
    public Principles with(String category, String text) {
      Map<String, String> more = new TreeMap<>(byCategory);
      more.put(category, text);
      return new Principles(general, more, benign);
    }

    /** The categories. */
    public Set<String> categories() {
      return byCategory.keySet();
    }

    /** The text for a category: the general one, and what is added. */
    public String text(String category) {
      String more = byCategory.getOrDefault(category, "");
      return more.isBlank() ? general : general + "\n" + more;
    }

    boolean isBenign(String category) {
      return benign.contains(category);
    }
  }

  /**
   * The cheap rules for an instruction that was induced from a text (Safer-Instruct, stage 3): its
   * length, and that it does not quote the text. Words are runs of letters and digits, without
   * case; scripts that put no spaces between words count each character. Immutable.
   *
   * @param minWords fewest words, at least 1
   * @param maxWords most words, at least minWords
   * @param maxCopyRatio the copy ratio must be below it; above 0, and above 1 to allow anything
   */
  public record InstructionRules(int minWords, int maxWords, double maxCopyRatio) {
    /** 3 to 150 words, copy ratio below 0.5. */
    public static final InstructionRules STANDARD = new InstructionRules(3, 150, 0.5);

    /** Why an instruction is dropped. */
    public enum Flaw {
      /** Fewer words than allowed. */
      TOO_SHORT,
      /** More words than allowed. */
      TOO_LONG,
      /** It repeats too much of the text, or most of it is from the text. */
      COPIED
    }

    /**
     * @throws IllegalArgumentException if a number is out of its range
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
     * What is wrong with an instruction; empty if nothing is.
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

    /** The number of words; 0 without a letter or digit. */
    public static int words(String text) {
      return NormalText.of(text).plainWords().size();
    }

    /**
     * The longest run of words that two texts have in common, over the number of words of the
     * shorter one: 1 if one is wholly in the other, 0 if they share no word or one has none. So
     * both a text that is mostly quotation and one that gives the other away are high. Linear in
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
