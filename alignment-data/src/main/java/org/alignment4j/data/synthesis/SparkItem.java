package org.alignment4j.data.synthesis;

import java.io.Serializable;

/**
 * What came of a numbered item in an executor.
 *
 * @param stopped why it was not worked on, as nothing behind it was; empty if it was
 */
record SparkItem<O>(long number, ItemWork<O> work, String stopped) implements Serializable {}
