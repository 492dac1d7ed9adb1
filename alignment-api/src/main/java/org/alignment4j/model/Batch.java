package org.alignment4j.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.alignment4j.internal.tensor.LengthGroups;
import org.jspecify.annotations.Nullable;

/**
 * Token sequences of one forward pass. Their tokens are stored one after another without padding;
 * where rows of equal length are needed, as in attention and generation, the rows are padded. What
 * sequences begin with in common may be stored once.
 *
 * @param index index of each sequence in the caller's list [B]
 * @param sequences B token sequences
 * @param length T, the longest
 * @param side the side that is padded
 * @param responseStarts for each sequence of the caller's list, the position of its response's
 *     first token, input embeddings before the sequence not counted; null if there is no response
 * @param shared where tokens are if common beginnings are stored once, else null
 */
record Batch(
    int[] index,
    List<int[]> sequences,
    int length,
    Side side,
    int @Nullable [] responseStarts,
    @Nullable SharedBeginnings shared) {
  /** Maximum ratio of padded positions to tokens in a batch. */
  private static final double WASTE = 1.5;

  /** Maximum ratio of padded positions, for which attention is computed, to tokens allowed. */
  private static final int MOST_SHARED = 4;

  Batch(int[] index, List<int[]> sequences, int length, Side side) {
    this(index, sequences, length, side, null, null);
  }

  /** The side of a row that is padded. */
  enum Side {
    LEFT,
    RIGHT
  }

  static Batch of(List<int[]> sequences, Side side) {
    return new Batch(
        IntStream.range(0, sequences.size()).toArray(), sequences, longest(sequences), side);
  }

  /**
   * Groups sequences of like length, so that little of attention is computed for padding.
   *
   * @param tokens maximum number of tokens in a batch; a single sequence may exceed it
   */
  static List<Batch> group(List<int[]> sequences, int tokens, Side side) {
    int[] lengths = sequences.stream().mapToInt(s -> s.length).toArray();
    return LengthGroups.of(
            lengths, (n, longest, all) -> all <= tokens && (long) n * longest <= WASTE * all)
        .stream()
        .map(group -> pick(sequences, group, side))
        .toList();
  }

  /**
   * Groups sequences so that those of one prompt are in one batch, which then may {@linkplain
   * #sharingBeginnings share} it.
   *
   * @param starts number of tokens of each one's prompt
   * @param tokens maximum number of tokens in a batch, a prompt counted once; a single sequence may
   *     exceed it
   */
  static List<Batch> groupByPrompt(List<int[]> sequences, int[] starts, int tokens) {
    OnePrompt.Bound bound =
        some ->
            some.tokens() <= tokens
                && some.cells() <= WASTE * some.all()
                && some.cells() <= (long) MOST_SHARED * tokens;
    List<OnePrompt> prompts = new ArrayList<>(OnePrompt.of(sequences, starts, bound));
    prompts.sort(Comparator.comparingInt(OnePrompt::longest));
    List<Batch> groups = new ArrayList<>();
    OnePrompt group = null;
    for (OnePrompt prompt : prompts) {
      OnePrompt both = group == null ? prompt : group.with(prompt, 0);
      if (group != null && !bound.holds(both)) {
        groups.add(pick(sequences, group.sequences(), Side.RIGHT));
        both = prompt;
      }
      group = both;
    }
    if (group != null) {
      groups.add(pick(sequences, group.sequences(), Side.RIGHT));
    }
    return groups;
  }

  private static Batch pick(List<int[]> sequences, List<Integer> group, Side side) {
    List<int[]> some = group.stream().map(sequences::get).toList();
    return new Batch(
        group.stream().mapToInt(Integer::intValue).toArray(), some, longest(some), side);
  }

  private static int longest(List<int[]> sequences) {
    return sequences.stream().mapToInt(s -> s.length).max().orElse(0);
  }

  /** The same sequences with other indices in the caller's list. */
  Batch withIndex(int[] other) {
    return new Batch(other, sequences, length, side, responseStarts, shared);
  }

  /** Some of the sequences, padded to the same length. */
  Batch only(int[] rows) {
    return new Batch(
        Arrays.stream(rows).map(b -> index[b]).toArray(),
        Arrays.stream(rows).mapToObj(sequences::get).toList(),
        length,
        side,
        responseStarts,
        null);
  }

  /** The same batch with the response starts of the caller's whole list. */
  Batch withResponseStarts(int[] starts) {
    return new Batch(index, sequences, length, side, starts, shared);
  }

  /**
   * The same batch with common beginnings stored once, if that saves enough. A token's hidden
   * states must depend on nothing but the tokens up to it.
   */
  Batch sharingBeginnings() {
    if (side != Side.RIGHT) {
      throw new IllegalStateException("the columns of a beginning differ");
    }
    SharedBeginnings found = SharedBeginnings.find(sequences);
    return found == null ? this : new Batch(index, sequences, length, side, responseStarts, found);
  }

  /**
   * The position of the first response token of sequence {@code b}; {@code length} if there is
   * none.
   */
  int responseStart(int b, int length) {
    return responseStarts == null ? length : responseStarts[index[b]];
  }

  int size() {
    return sequences.size();
  }

  /** The number of tokens of each sequence [B]. */
  int[] lengths() {
    return sequences.stream().mapToInt(s -> s.length).toArray();
  }

  /** Whether all sequences have the same length, so that nothing is padded. */
  private boolean even() {
    return sequences.stream().allMatch(s -> s.length == length);
  }

  /** Whether no mask is needed: a causal model never attends to padding on the right. */
  boolean plain() {
    return side == Side.RIGHT || even();
  }

  /** N, the number of tokens that are stored. */
  int tokens() {
    return shared == null ? sequences.stream().mapToInt(s -> s.length).sum() : shared.count();
  }

  /** Where the tokens of a batch's sequences are among its N tokens. */
  @FunctionalInterface
  interface Places {
    /** The index of the token at a position of sequence {@code b}. */
    int of(int b, int position);
  }

  /** Where tokens are; computed at each call. */
  Places places() {
    if (shared != null) {
      return shared;
    }
    int[] first = new int[size()];
    for (int b = 1; b < first.length; b++) {
      first[b] = first[b - 1] + sequences.get(b - 1).length;
    }
    return (b, position) -> first[b] + position;
  }

  /** The index of each sequence's last token among the N tokens [B]. */
  long[] lastTokens() {
    Places places = places();
    return IntStream.range(0, size())
        .mapToLong(b -> places.of(b, sequences.get(b).length - 1))
        .toArray();
  }

  /** Ids of the N tokens, int64. */
  NDArray tokenIds(NDManager scope) {
    return scope.create(eachToken((b, p) -> sequences.get(b)[p]));
  }

  /** Position of each of the N tokens in its sequence [N, 1] int64. */
  NDArray tokenPositions(NDManager scope) {
    return scope.create(eachToken((b, p) -> p), new Shape(tokens(), 1));
  }

  /** The index of each of the N tokens in the padded rows [BT], int64; of several, any. */
  NDArray tokenCells(NDManager scope) {
    return scope.create(eachToken((b, p) -> (long) b * length + column(b, p)));
  }

  private long[] eachToken(Value value) {
    Places places = places();
    long[] all = new long[tokens()];
    for (int b = 0; b < size(); b++) {
      for (int p = 0; p < sequences.get(b).length; p++) {
        all[places.of(b, p)] = value.at(b, p);
      }
    }
    return all;
  }

  /**
   * For each index of the padded rows [BT] the index of its token, int64, 0 for padding; [0] if
   * these are the same.
   */
  NDArray cellTokens(NDManager scope) {
    if (even() && shared == null) {
      return scope.zeros(new Shape(0), DataType.INT64);
    }
    return columns(scope, places());
  }

  /** For each index of the padded rows [BT] the place of its token, int64, 0 for padding. */
  NDArray columns(NDManager scope, Places places) {
    return fill(scope, length, places::of, 0).flatten();
  }

  /** The column of token {@code position} of sequence {@code b} in its padded row. */
  int column(int b, int position) {
    return side == Side.RIGHT ? position : length - sequences.get(b).length + position;
  }

  /** Token ids [B, T] int64; padding is id 0. */
  NDArray ids(NDManager scope) {
    return ids(scope, 0);
  }

  /** Token ids [B, T] int64; padding is {@code padding}. */
  NDArray ids(NDManager scope, int padding) {
    return fill(scope, length, (b, p) -> sequences.get(b)[p], padding);
  }

  /**
   * 1 for tokens and for the {@code room} columns after the batch, 0 for padding, [B, T + room].
   */
  NDArray attentionWithRoom(NDManager scope, int room) {
    int total = length + room;
    long[] flat = new long[size() * total];
    for (int b = 0; b < size(); b++) {
      for (int p = 0; p < sequences.get(b).length; p++) {
        flat[b * total + column(b, p)] = 1;
      }
      for (int p = length; p < total; p++) {
        flat[b * total + p] = 1;
      }
    }
    return scope.create(flat, new Shape(size(), total));
  }

  /**
   * Positions [1, T] if padded on the right, else [B, T] counted from each sequence's first token.
   */
  NDArray positions(NDManager scope) {
    if (plain()) {
      return scope.create(
          IntStream.range(0, length).mapToLong(i -> i).toArray(), new Shape(1, length));
    }
    return fill(scope, length, (b, p) -> p, 0);
  }

  private interface Value {
    long at(int sequence, int position);
  }

  private NDArray fill(NDManager scope, int columns, Value value, long padding) {
    long[] flat = new long[size() * columns];
    Arrays.fill(flat, padding);
    for (int b = 0; b < size(); b++) {
      for (int p = 0; p < sequences.get(b).length; p++) {
        flat[b * columns + column(b, p)] = value.at(b, p);
      }
    }
    return scope.create(flat, new Shape(size(), columns));
  }
}
