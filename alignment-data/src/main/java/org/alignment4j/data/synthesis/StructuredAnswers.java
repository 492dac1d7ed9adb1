package org.alignment4j.data.synthesis;

import static org.alignment4j.internal.text.Arguments.require;

import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.alignment4j.chat.Prompt;
import org.alignment4j.core.BadDataException;
import org.alignment4j.data.request.ChatException;
import org.alignment4j.data.request.ChatModel;
import org.alignment4j.data.request.ChatModel.ChatAnswer;
import org.alignment4j.data.request.ChatRequest;
import org.alignment4j.data.request.ChatRequest.Sampling;
import org.alignment4j.data.request.RequestLedger;
import org.alignment4j.data.request.RequestLedger.BudgetException;
import org.alignment4j.data.request.RequestLedger.StoredAnswer;

/**
 * Requests values in JSON from a model. An invalid answer is sent back to the model with the
 * reason, for a limited number of retries. Thread-safe if the requests, the model and the reader
 * are.
 *
 * @param <T> the type of the values
 */
final class StructuredAnswers<T> {
  private final RequestLedger requests;
  private final ChatModel model;
  private final String schema;
  private final Function<JsonObject, T> reader;
  private final int retries;

  /**
   * The result of one request with its retries.
   *
   * @param value the value; empty if no answer contained one
   * @param failure why the last answer is invalid; empty if there is a value. May quote the answer.
   * @param answers all answers, in order, at least one
   */
  public record Result<T>(Optional<T> value, String failure, List<StoredAnswer> answers) {
    /** Copies the list. */
    public Result {
      answers = List.copyOf(answers);
    }

    /** Returns the number of answers only; the texts may be private. */
    @Override
    public String toString() {
      return "Result[%s after %d answers]"
          .formatted(value.isPresent() ? "a value" : "no value", answers.size());
    }
  }

  /**
   * Creates a requester of values.
   *
   * @param requests the ledger that sends each request
   * @param schema a JSON schema of an object, sent with each request; empty for none. Models may
   *     violate it, and endpoints with constrained decoding require {@code additionalProperties}
   *     false and all properties required.
   * @param reader converts an object to a value; throws IllegalArgumentException or
   *     BadDataException with a message for the model if it is invalid
   * @param retries number of retries after invalid answers, 0 or more
   */
  public StructuredAnswers(
      RequestLedger requests,
      ChatModel model,
      String schema,
      Function<JsonObject, T> reader,
      int retries) {
    require(retries >= 0, "retries must be 0 or more, was %s", retries);
    this.requests = requests;
    this.model = model;
    this.schema = schema;
    this.reader = reader;
    this.retries = retries;
  }

  /**
   * Requests a value. Text around the one JSON object is ignored: a code fence, reasoning, an
   * introduction.
   *
   * @param prompt ends with a user message
   * @throws ChatException if the model returns no answer
   * @throws BudgetException if a request could exceed the budget
   * @throws org.alignment4j.core.CancelledException if the thread is interrupted
   */
  public Result<T> request(Prompt prompt, Sampling sampling, long seed) {
    require(!prompt.endsWithResponse(), "a question ends with a user message");
    List<StoredAnswer> answers = new ArrayList<>();
    Prompt conversation = prompt;
    while (true) {
      StoredAnswer stored =
          requests.answer(model, new ChatRequest(conversation, sampling, seed, schema));
      answers.add(stored);
      String failure;
      try {
        return new Result<>(Optional.of(read(stored.answer(), sampling)), "", answers);
      } catch (IllegalArgumentException | BadDataException e) {
        failure = String.valueOf(e.getMessage());
      }
      if (answers.size() > retries) {
        return new Result<>(Optional.empty(), failure, answers);
      }
      String bad = stored.answer().text();
      // Some endpoints reject an empty message.
      conversation =
          conversation
              .withResponse(bad.isBlank() ? "(no text)" : bad)
              .withUser(
                  "This answer cannot be used: "
                      + failure
                      + "\nAnswer again, with one JSON object of the form asked for and nothing"
                      + " else.");
    }
  }

  private T read(ChatAnswer answer, Sampling sampling) {
    if (!answer.usable()) {
      throw new IllegalArgumentException("it did not come to its end");
    }
    JsonObject object;
    try {
      object = JsonText.object(answer.text());
    } catch (IllegalArgumentException e) {
      if (answer.finish() == ChatAnswer.Finish.LENGTH) {
        throw new IllegalArgumentException(
            "it was cut off after " + sampling.maxTokens() + " tokens", e);
      }
      throw e;
    }
    try {
      return reader.apply(object);
    } catch (JsonParseException
        | IllegalStateException
        | UnsupportedOperationException
        | ClassCastException
        | NullPointerException e) {
      // The exceptions of Gson for a property that is absent or of another type.
      throw new IllegalArgumentException("a property is missing or has the wrong type", e);
    }
  }
}
