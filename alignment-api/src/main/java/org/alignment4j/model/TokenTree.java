package org.alignment4j.model;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Continuations of one prefix as a tree: what several of them begin with is there once. Tokens are
 * in depth-first order, so that the descendants of a token follow it.
 *
 * @param ids [T]
 * @param depths number of tokens before each in its continuation [T]
 * @param ends index after each token's last descendant [T]
 * @param wanted probabilities that are wanted, by node ascending; at least one
 */
@SuppressWarnings("ArrayRecordComponent")
record TokenTree(long[] ids, long[] depths, long[] ends, List<Wanted> wanted) {
  /** Maximum number of tokens in a tree; a single continuation may exceed it. */
  private static final int MAX_TOKENS = 512;

  /** Maximum T x (P + T) of a tree's mask, 64 MiB; a single continuation may exceed it. */
  private static final long MAX_MASK = 1L << 24;

  /**
   * The probability of a token of a continuation, given all before it.
   *
   * @param node index of the token before it
   * @param position of the token in its continuation
   */
  record Wanted(int node, int label, int continuation, int position) {}

  /**
   * The trees of continuations, which hold every probability that is wanted of tokens but the first
   * of a continuation. A continuation's last token predicts nothing, so it is in no tree.
   *
   * @param from index in each continuation of the first token whose probability is wanted
   * @param past P, number of tokens in the prefix
   */
  static List<TokenTree> of(List<int[]> continuations, int[] from, int past) {
    List<Integer> order =
        IntStream.range(0, continuations.size())
            .filter(i -> continuations.get(i).length > Math.max(1, from[i]))
            .boxed()
            .sorted(Comparator.comparing(continuations::get, Arrays::compare))
            .toList();
    List<TokenTree> trees = new ArrayList<>();
    List<Integer> group = new ArrayList<>();
    int size = 0;
    int[] before = {};
    for (int i : order) {
      int[] own = continuations.get(i);
      int run = own.length - 1;
      int added = run - shared(before, own);
      if (!group.isEmpty() && !fits(size, added, run, past)) {
        trees.add(tree(continuations, from, group, size));
        group = new ArrayList<>();
        size = 0;
        added = run;
      }
      group.add(i);
      size += added;
      before = own;
    }
    if (!group.isEmpty()) {
      trees.add(tree(continuations, from, group, size));
    }
    return trees;
  }

  /** Whether a tree may grow; beyond the usual size it may, if another would repeat the most. */
  private static boolean fits(int size, int added, int run, int past) {
    long whole = (long) size + added;
    return whole * (past + whole) <= MAX_MASK && (whole <= MAX_TOKENS || added <= run / 2);
  }

  /** Number of tokens that run for both. */
  private static int shared(int[] a, int[] b) {
    int running = Math.max(0, Math.min(a.length, b.length) - 1);
    int mismatch = Arrays.mismatch(a, 0, running, b, 0, running);
    return mismatch < 0 ? running : mismatch;
  }

  /**
   * @param group continuations in lexical order
   * @param size number of different tokens
   */
  private static TokenTree tree(
      List<int[]> continuations, int[] from, List<Integer> group, int size) {
    long[] ids = new long[size];
    long[] depths = new long[size];
    long[] ends = new long[size];
    int[] path = new int[size];
    List<Wanted> wanted = new ArrayList<>();
    int nodes = 0;
    int depth = 0;
    int[] before = {};
    for (int i : group) {
      int[] own = continuations.get(i);
      int shared = shared(before, own);
      for (; depth > shared; depth--) {
        ends[path[depth - 1]] = nodes;
      }
      for (; depth < own.length - 1; depth++) {
        ids[nodes] = own[depth];
        depths[nodes] = depth;
        path[depth] = nodes++;
      }
      for (int j = Math.max(1, from[i]); j < own.length; j++) {
        wanted.add(new Wanted(path[j - 1], own[j], i, j));
      }
      before = own;
    }
    for (; depth > 0; depth--) {
      ends[path[depth - 1]] = nodes;
    }
    wanted.sort(Comparator.comparingInt(Wanted::node));
    return new TokenTree(ids, depths, ends, List.copyOf(wanted));
  }

  /** Indices of the tokens after which a probability is wanted, ascending. */
  long[] rows() {
    return wanted.stream().mapToLong(Wanted::node).distinct().toArray();
  }
}
