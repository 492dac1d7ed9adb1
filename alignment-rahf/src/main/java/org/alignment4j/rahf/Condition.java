package org.alignment4j.rahf;

import java.util.function.Function;
import org.alignment4j.chat.Encoded;
import org.alignment4j.model.LanguageModel;

/** A model and what it reads: one of the conditions under which a response's states are taken. */
record Condition(LanguageModel model, Function<FitRow, Encoded> input) {}
