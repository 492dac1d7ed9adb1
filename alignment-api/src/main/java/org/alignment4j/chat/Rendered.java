package org.alignment4j.chat;

/**
 * A conversation as a model gets it, for people and tests: in the text alone a control token and a
 * user's imitation of one look the same.
 *
 * @param text what the chat template makes of it
 * @param responseOffset UTF-16 units before the response of the assistant that ends the
 *     conversation; the text's length if none does
 * @param encoded the token ids of the text, and where in them the response begins
 */
public record Rendered(String text, int responseOffset, Encoded encoded) {}
