package org.alignment4j.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.alignment4j.chat.ChatTokenizer;
import org.alignment4j.core.AlignmentException;
import org.alignment4j.core.CheckpointException;
import org.alignment4j.internal.tensor.Checkpoint;
import org.alignment4j.testing.RandomChatModel;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is not a model, or has something else in the place of a file, is told by name. */
@Timeout(30)
class ModelPathTests {
  @TempDir Path folder;

  private static void assertSays(AlignmentException e, String... parts) {
    for (String part : parts) {
      assertTrue(e.getMessage().contains(part), e.getMessage());
    }
  }

  private AlignmentException refusal(Path model) {
    return assertThrows(CheckpointException.class, () -> ModelConfig.read(model));
  }

  @Test
  void aPathThatIsNotThereOrAFile() throws IOException {
    Path none = folder.resolve("none");
    assertEquals("no folder " + none, refusal(none).getMessage());
    assertSays(refusal(Path.of("SomeOwner", "Some-Model-1B")), "hf download SomeOwner");
    Files.createSymbolicLink(none, folder.resolve("gone"));
    assertSays(refusal(none), none.toString(), "a dangling link");
    assertSays(refusal(Files.createFile(folder.resolve("m.gguf"))), "m.gguf", "magic number");
    assertSays(refusal(Files.createFile(folder.resolve("m.pt"))), "m.pt", "never loaded");
    Path weights = Files.createFile(folder.resolve("model.safetensors"));
    Files.writeString(folder.resolve("config.json"), "{}");
    assertSays(refusal(weights), "the model's folder is " + folder);
  }

  @Test
  void aCacheOfTheHubIsTold() throws IOException {
    Files.createDirectories(folder.resolve("blobs"));
    Path snapshot = Files.createDirectories(folder.resolve("snapshots/abc"));
    assertSays(refusal(folder), "no config.json in " + folder, "no whole model");
    Files.writeString(snapshot.resolve("config.json"), "{}");
    assertSays(refusal(folder), "whose model is in " + snapshot);
  }

  @ParameterizedTest
  @CsvSource({
    "adapter_config.json, this is an adapter",
    "q4.gguf, only GGUF",
    "params.json, publisher's own format",
    "consolidated.00.pth, publisher's own format",
    "original/params.json, publisher's own format",
    "checkpoint-10/config.json, there is one in"
  })
  void whatIsThereInsteadIsTold(String file, String advice) throws IOException {
    Files.createDirectories(folder.resolve(file).getParent());
    Files.createFile(folder.resolve(file));
    assertSays(refusal(folder), "no config.json in " + folder, advice);
  }

  @ParameterizedTest
  @CsvSource({
    "pytorch_model.bin, pickles can run code",
    "pytorch_model-00001-of-00002.bin, pickles can run code",
    "pytorch_model.bin.index.json, pickles can run code",
    "consolidated.00.pth, pickles can run code",
    "model.ckpt, pickles can run code",
    "tf_model.h5, TensorFlow or Flax",
    "flax_model.msgpack, TensorFlow or Flax",
    "q4.gguf, name the file itself",
    "model-00001-of-00002.safetensors, the index of these shards is missing",
    "adapter_model.bin, this is an adapter",
    "consolidated.safetensors, not in the form",
    "training_args.bin, no weights at all"
  })
  void otherWeightsAreTold(String file, String advice) throws IOException {
    Files.createFile(folder.resolve(file));
    AlignmentException e = assertThrows(CheckpointException.class, () -> Checkpoint.open(folder));
    assertSays(e, folder + ": expected model.safetensors", advice);
  }

  @ParameterizedTest
  @ValueSource(strings = {"tokenizer.model", "vocab.json"})
  void aTokenizerInAnotherFormIsTold(String file) throws IOException {
    Files.createFile(folder.resolve(file));
    AlignmentException e =
        assertThrows(CheckpointException.class, () -> ChatTokenizer.load(folder).close());
    assertSays(e, folder.resolve("tokenizer.json").toString(), file, "save_pretrained");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "config.json",
        "tokenizer.json",
        "tokenizer_config.json",
        "special_tokens_map.json",
        "generation_config.json",
        "chat_template.jinja"
      })
  void aFileOfTheModelIsNeverTakenForAbsent(String name) throws Exception {
    RandomChatModel.write(folder, List.of("hello", "world"));
    Path file = folder.resolve(name);
    ChatTokenizer.load(folder).close();
    Files.deleteIfExists(file);
    Files.createSymbolicLink(file, Path.of("../../blobs/gone"));
    assertRefused(file);
    Files.createSymbolicLink(file, file.getFileName());
    assertRefused(file);
    Files.createDirectory(file);
    assertRefused(file);
    try (RandomAccessFile sparse = new RandomAccessFile(file.toFile(), "rw")) {
      sparse.setLength(3L << 30);
    }
    assertRefused(file);
    Files.createFile(file);
    assertRefused(file);
    assumeTrue(new ProcessBuilder("mkfifo", file.toString()).start().waitFor() == 0);
    assertRefused(file);
    Files.createSymbolicLink(file, Path.of("/dev/zero"));
    assertRefused(file);
  }

  private void assertRefused(Path file) throws IOException {
    AlignmentException e =
        assertThrows(CheckpointException.class, () -> ChatTokenizer.load(folder).close());
    assertSays(e, file.toString());
    Files.delete(file);
  }
}
