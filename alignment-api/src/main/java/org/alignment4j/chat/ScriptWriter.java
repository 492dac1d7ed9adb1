package org.alignment4j.chat;

import static org.alignment4j.internal.text.Arguments.require;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import org.alignment4j.core.UnsupportedArchitectureException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes conversations in a chat format, and warns once of messages that the format omits.
 * Thread-safe.
 */
final class ScriptWriter {
  private static final Logger LOG = LoggerFactory.getLogger(ChatTokenizer.class);

  private final Path tokenizer;
  private final ControlTokens control;
  private final ChatFormat format;

  /** Roles of which a message was omitted so far. */
  private final Set<Role> leftOut = ConcurrentHashMap.newKeySet();

  /** Whether reasoning tags were ordinary text so far. */
  private final AtomicBoolean thoughtsSpelled = new AtomicBoolean();

  /**
   * @param tokenizer the tokenizer's file, for warnings
   */
  ScriptWriter(Path tokenizer, ControlTokens control, ChatFormat format) {
    this.tokenizer = tokenizer;
    this.control = control;
    this.format = format;
  }

  /**
   * A prompt to continue: a last response is left open; after another message a turn is started.
   */
  Script toContinue(Prompt prompt) {
    return prompt.endsWithResponse()
        ? answered(prompt, script(prompt, false)).leftOpen()
        : script(prompt, true);
  }

  /**
   * A training example, up to the end of its response's turn.
   *
   * @throws IllegalArgumentException if the prompt does not end with an assistant message
   */
  Script example(Prompt prompt) {
    require(
        prompt.endsWithResponse(),
        "training needs a prompt that ends with an assistant message, the last is of %s",
        prompt.last().role());
    return answered(prompt, toLearn(prompt)).endedAfter(format.endOfTurn());
  }

  /**
   * A training example or a prompt to continue, with each message once; a system message that the
   * template rejects is put before the first user message.
   *
   * @throws UnsupportedArchitectureException if the template does not write each message once
   */
  Script eachOnce(Prompt prompt) {
    boolean ended = prompt.endsWithResponse();
    Script whole;
    try {
      whole = ended ? toLearn(prompt) : script(prompt, true);
    } catch (IllegalArgumentException e) {
      whole = headed(prompt, !ended, e);
    }
    Script script = ended ? whole.endedAfter(format.endOfTurn()) : whole;
    if (!script.hasEachOnce(prompt.messages().size())) {
      throw new UnsupportedArchitectureException(
          "the chat template does not write each of the "
              + prompt.messages().size()
              + " messages once, in order");
    }
    return script;
  }

  /**
   * A script in which the first user message contains the system message; else {@code rejected}.
   */
  private Script headed(
      Prompt prompt, boolean generationPrompt, IllegalArgumentException rejected) {
    List<Message> messages = prompt.messages();
    if (messages.size() < 2
        || messages.get(0).role() != Role.SYSTEM
        || messages.get(1).role() != Role.USER) {
      throw rejected;
    }
    String head = PythonText.strip(PythonText.wellFormed(messages.get(0).text()));
    List<Message> merged = new ArrayList<>(messages.subList(1, messages.size()));
    merged.set(0, Message.user(head + "\n\n" + messages.get(1).text()));
    try {
      return script(Prompt.of(merged.toArray(Message[]::new)), generationPrompt).parted(head);
    } catch (IllegalArgumentException e) {
      throw rejected;
    }
  }

  /** A finished conversation, in whose last response reasoning tags are control tokens. */
  private Script toLearn(Prompt prompt) {
    return written(prompt, false).withThoughts(prompt.messages());
  }

  /** A conversation as the template writes it. */
  Script script(Prompt prompt, boolean generationPrompt) {
    Script script = written(prompt, generationPrompt);
    String tag = script.spelledThought(prompt.messages());
    if (tag != null && control.get(tag) != null && !thoughtsSpelled.getAndSet(true)) {
      LOG.warn(
          "the chat template of {} keeps {} in a response: it is ordinary text there, not the token",
          tokenizer,
          tag);
    }
    return script;
  }

  private Script written(Prompt prompt, boolean generationPrompt) {
    List<Message> messages = new ArrayList<>(prompt.messages().size());
    for (Message message : prompt.messages()) {
      messages.add(new Message(message.role(), PythonText.wellFormed(message.text())));
    }
    Script script = format.write(messages, generationPrompt);
    for (int i = 0; i < messages.size(); i++) {
      if (!PythonText.strip(messages.get(i).text()).isEmpty() && !script.has(i)) {
        warnOfLeftOut(messages.get(i).role());
      }
    }
    return script;
  }

  private void warnOfLeftOut(Role role) {
    if (leftOut.add(role)) {
      LOG.warn("the chat template of {} omits a {} message", tokenizer, role);
    }
  }

  private static Script answered(Prompt prompt, Script script) {
    if (!script.has(prompt.messages().size() - 1)) {
      throw new UnsupportedArchitectureException("the chat template omits the response");
    }
    return script;
  }
}
