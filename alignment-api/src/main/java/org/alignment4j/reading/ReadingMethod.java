package org.alignment4j.reading;

/** How a layer's direction is found from N pairs of states [D]. */
public enum ReadingMethod {
  /** The mean of the positive states minus that of the negative ones; O(D) memory. */
  DIFFERENCE_IN_MEANS,
  /**
   * The first principal component of the pairs' differences about the origin, as repeng takes it:
   * what most of the pairs' difference lies along; O(D min(N, D)) memory.
   */
  PAIRED_PCA,
  /**
   * The weights of a logistic classifier of the states; holds all of them, O(D N) memory. Separates
   * the classes best; often steers less well than the others, since it leaves out of the difference
   * what helps little to tell the classes apart.
   */
  LOGISTIC_PROBE
}
