package org.alignment4j.model;

import org.jspecify.annotations.Nullable;

/**
 * One token as it is generated, for those who do not want to wait for the whole answer.
 *
 * @param sequence which of the call's sequences it continues, 0-based
 * @param id the token; at the end of a sequence also the end or stop token that {@link Completion}
 *     leaves out
 * @param text what this token adds to the text: complete characters that cannot become part of a
 *     stop string any more, so often the text of tokens before it, and sometimes none; a sequence's
 *     texts, joined, are {@link Completion#text}
 * @param logProbability natural logarithm of its probability; NaN if not asked for
 * @param finish why the sequence ends with this token; null if it goes on
 */
public record GeneratedToken(
    int sequence, int id, String text, float logProbability, Completion.@Nullable Finish finish) {}
