package org.alignment4j.internal.tokenizer;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.alignment4j.internal.tokenizer.TokenizerJson.Merges;
import org.alignment4j.internal.tokenizer.TokenizerJson.Sink;

/**
 * The merges of a SentencePiece vocabulary, which has scores in their place: any two pieces make a
 * third one if it is in the vocabulary, the one with the highest score first. Published
 * tokenizer.json files have the same ones, in the same order.
 *
 * <p>Tokens of spaces that were defined by hand precede all others, the longest first:
 * SentencePiece cuts them out of the text before it merges.
 *
 * @param spaces the tokens of spaces that were defined by hand
 * @param byScore whether pieces have the order of their scores, not that of their ids, as in Gemma
 */
record PieceMerges(Vocabulary vocabulary, Set<Integer> spaces, boolean byScore) implements Merges {
  /**
   * Pieces of text have at most some dozens; longer tokens cannot take time that grows squarely.
   */
  private static final int MAX_LENGTH = 256;

  @Override
  public void write(Sink sink) throws IOException {
    int[] order =
        IntStream.range(0, vocabulary.size())
            .filter(this::isMade)
            .boxed()
            .sorted(byRank())
            .mapToInt(id -> id)
            .toArray();
    List<int[]> splits = new ArrayList<>();
    for (int id : order) {
      String piece = vocabulary.token(id);
      splits.clear();
      for (int at = 1; at < piece.length(); at++) {
        int left = vocabulary.id(piece.substring(0, at));
        int right = left < 0 ? -1 : vocabulary.id(piece.substring(at));
        if (right >= 0) {
          splits.add(new int[] {left, right});
        }
      }
      splits.sort(Arrays::compare);
      for (int[] split : splits) {
        sink.add(vocabulary.token(split[0]), vocabulary.token(split[1]));
      }
    }
  }

  private boolean isMade(int id) {
    Vocabulary.Type type = vocabulary.type(id);
    int length = vocabulary.token(id).length();
    return length > 1
        && length <= MAX_LENGTH
        && (type == Vocabulary.Type.NORMAL
            || type == Vocabulary.Type.UNUSED
            || spaces.contains(id));
  }

  private Comparator<Integer> byRank() {
    Comparator<Integer> spacesFirst =
        Comparator.comparingInt(id -> spaces.contains(id) ? -vocabulary.token(id).length() : 0);
    return byScore
        ? spacesFirst
            .thenComparing(
                Comparator.comparingDouble((Integer id) -> vocabulary.score(id)).reversed())
            .thenComparing(Comparator.naturalOrder())
        : spacesFirst.thenComparing(Comparator.naturalOrder());
  }
}
