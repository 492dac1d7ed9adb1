package org.alignment4j.rahf;

import java.util.function.Function;
import org.alignment4j.chat.Encoded;
import org.alignment4j.model.LanguageModel;

/**
 * A condition under which a response's hidden states are read: the model, and its input for a row.
 */
record FitCondition(LanguageModel model, Function<FitRow, Encoded> input) {}
