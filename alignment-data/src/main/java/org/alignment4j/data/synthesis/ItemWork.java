package org.alignment4j.data.synthesis;

import java.io.Serializable;
import java.util.List;

/** What came of one item, and the account of it. */
record ItemWork<O>(List<O> items, StageTally tally) implements Serializable {}
