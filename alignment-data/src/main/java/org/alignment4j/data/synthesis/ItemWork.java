package org.alignment4j.data.synthesis;

import java.io.Serializable;
import java.util.List;

/** The results of one item, with its counts. */
record ItemWork<O>(List<O> items, StageTally tally) implements Serializable {}
