package org.alignment4j.chat;

/**
 * A conversation as text and token ids, for display and tests: the text does not distinguish a
 * control token from the same characters in a message.
 *
 * @param text the output of the chat template
 * @param responseOffset the offset, in UTF-16 units, of the assistant's response that ends the
 *     conversation; the text's length if there is none
 * @param encoded the token ids of the text and the start of the response
 */
public record Rendered(String text, int responseOffset, Encoded encoded) {}
