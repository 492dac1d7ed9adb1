package org.alignment4j.chat;

import ai.djl.huggingface.tokenizers.Encoding;
import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import ai.djl.huggingface.tokenizers.jni.CharSpan;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import org.alignment4j.core.CheckpointException;
import org.alignment4j.core.EngineException;
import org.alignment4j.internal.host.DjlDefaults;
import org.alignment4j.internal.host.NativeFailure;
import org.alignment4j.internal.text.Reasons;

/** One native tokenizer. Thread-safe until it is closed; must not be used afterwards. */
final class NativeTokenizer implements AutoCloseable {
  /** Without these DJL truncates at 512 tokens. */
  private static final Map<String, String> WHOLE_TEXT =
      Map.of("addSpecialTokens", "false", "truncation", "false", "padding", "false");

  private final HuggingFaceTokenizer tokenizer;

  private NativeTokenizer(HuggingFaceTokenizer tokenizer) {
    this.tokenizer = tokenizer;
  }

  /**
   * @param json the text of a tokenizer.json
   * @param file the file of the JSON text, for messages
   * @throws CheckpointException if the native library rejects it
   * @throws EngineException if the native library cannot be loaded
   */
  static NativeTokenizer open(String json, Path file) {
    DjlDefaults.apply();
    // A stream, since DJL interprets a String as the name of a model to download.
    try (InputStream in = new ByteArrayInputStream(json.getBytes(StandardCharsets.UTF_8))) {
      return new NativeTokenizer(HuggingFaceTokenizer.newInstance(in, WHOLE_TEXT));
    } catch (ai.djl.engine.EngineException | LinkageError e) {
      throw new EngineException(
          "the native tokenizer library does not load: "
              + NativeFailure.explain(
                  e,
                  "ai.djl.huggingface:tokenizers:0.35.1 has to be on the class path and has to"
                      + " hold a library for this platform"),
          e);
    } catch (IOException | RuntimeException e) {
      throw new CheckpointException(file + " cannot be used: " + Reasons.of(e), e);
    }
  }

  /**
   * The tokens of a text.
   *
   * @param addSpecial whether the tokenizer's post-processor adds its special tokens
   */
  Tokens encode(String text, boolean addSpecial) {
    Encoding encoding = tokenizer.encode(text, addSpecial, false);
    return new Tokens(encoding.getIds(), encoding.getCharTokenSpans());
  }

  String decode(long[] ids, boolean skipSpecial) {
    return tokenizer.decode(ids, skipSpecial);
  }

  @Override
  public void close() {
    tokenizer.close();
  }

  /**
   * @param ids token ids, [T]
   * @param spans the code points of each token, [T]
   */
  record Tokens(long[] ids, CharSpan[] spans) {}
}
