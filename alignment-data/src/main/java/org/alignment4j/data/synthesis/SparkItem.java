package org.alignment4j.data.synthesis;

import java.io.Serializable;

/**
 * The results of a numbered item in an executor.
 *
 * @param stopped the reason why this item and all later ones of the partition were not processed;
 *     empty if it was
 */
record SparkItem<O>(long number, ItemWork<O> work, String stopped) implements Serializable {}
