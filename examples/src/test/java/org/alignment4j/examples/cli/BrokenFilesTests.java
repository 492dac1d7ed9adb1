package org.alignment4j.examples.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.common.io.MoreFiles;
import com.google.common.io.RecursiveDeleteOption;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Something else in the place of a file that a command reads: one line that names the file, within
 * seconds, whatever it is, and never "there is none".
 */
class BrokenFilesTests {
  private static final Duration LIMIT = Duration.ofSeconds(20);

  /** What takes a file's place. */
  enum Broken {
    DANGLING {
      @Override
      void put(Path file) throws IOException {
        Files.createSymbolicLink(file, Path.of("../../blobs/gone"));
      }
    },
    LOOP {
      @Override
      void put(Path file) throws IOException {
        Files.createSymbolicLink(file, file.getFileName());
      }
    },
    FOLDER {
      @Override
      void put(Path file) throws IOException {
        Files.createDirectory(file);
      }
    },
    PIPE {
      @Override
      void put(Path file) throws IOException {
        run("mkfifo", file.toString());
      }
    },
    DEVICE {
      @Override
      void put(Path file) throws IOException {
        Files.createSymbolicLink(file, Path.of("/dev/zero"));
      }
    },
    EMPTY {
      @Override
      void put(Path file) throws IOException {
        Files.createFile(file);
      }
    },
    HUGE {
      @Override
      void put(Path file) throws IOException {
        try (RandomAccessFile sparse = new RandomAccessFile(file.toFile(), "rw")) {
          sparse.setLength(3L << 30);
        }
      }
    },
    NESTED {
      @Override
      void put(Path file) throws IOException {
        Files.writeString(file, "{\"a\":" + "[".repeat(300_000) + "]".repeat(300_000) + "}");
      }
    },
    BINARY {
      @Override
      void put(Path file) throws IOException {
        byte[] bytes = new byte[4096];
        new java.util.Random(7).nextBytes(bytes);
        Files.write(file, bytes);
      }
    };

    abstract void put(Path file) throws IOException;

    /** Whether this is a file of that kind, or such files in a set are told by their folder. */
    boolean mayPass(String name) {
      return switch (this) {
        case EMPTY ->
            List.of("readings.jsonl", "requests.sqlite", "runs.jsonl", "texts.jsonl")
                .contains(name);
        case NESTED -> name.endsWith(".txt") || name.equals("readings.jsonl");
        case BINARY -> name.equals("texts.jsonl") || name.equals("readings.jsonl");
        default -> false;
      };
    }
  }

  @TempDir static Path folder;

  private static Path model;
  private static Path lora;
  private static Path guard;

  private static void run(String... command) throws IOException {
    try {
      assertEquals(0, new ProcessBuilder(command).start().waitFor());
    } catch (InterruptedException e) {
      throw new IOException(e);
    }
  }

  private static void passes(Object... arguments) {
    CommandRun run = CommandRun.of(arguments);
    assertEquals(0, run.status(), run.err());
  }

  @BeforeAll
  static void write() throws IOException {
    model = Files.createDirectory(folder.resolve("model"));
    try (Stream<Path> files = Files.list(Path.of("demo-model"))) {
      for (Path file : files.toList()) {
        Files.copy(file, model.resolve(file.getFileName()));
      }
    }
    Files.writeString(model.resolve("special_tokens_map.json"), "{}");
    Files.writeString(model.resolve("generation_config.json"), "{}");
    String template = "{% for m in messages %}{{ m.role + ': ' + m.content }}{% endfor %}";
    Files.writeString(model.resolve("chat_template.jinja"), template);
    for (String name : List.of("a.txt", "b.txt")) {
      Files.writeString(folder.resolve(name), "How do I bake bread?\nHow do I win?\nWhy?\nHow?\n");
    }
    Path pairs = CommandRun.pairs(folder);
    Files.writeString(
        folder.resolve("run.yaml"),
        "texts: [{file: texts.jsonl}]\nmodels: {own: {folder: model}}\ninducer: own\n");
    Files.writeString(folder.resolve("texts.jsonl"), "{\"text\": \"a b c\"}\n");
    lora = folder.resolve("lora");
    guard = folder.resolve("guard");
    Object[] one = {"--first", 4, "--rank", 2, "--epochs", 1};
    passes(
        Stream.concat(Stream.of("tune", "sft", model, pairs, "--out", lora), Stream.of(one))
            .toArray());
    passes(
        "read",
        "--model",
        model,
        "--positive",
        folder.resolve("a.txt"),
        "--negative",
        folder.resolve("b.txt"),
        "--layers",
        "1-3",
        "--out",
        folder.resolve("v.gguf"),
        "--held-out",
        "0.5");
    passes(
        "guard",
        "train",
        "--model",
        model,
        "--harmful",
        folder.resolve("a.txt"),
        "--harmless",
        folder.resolve("b.txt"),
        "--out",
        guard,
        "--epochs",
        1,
        "--reply-tokens",
        2);
  }

  /** A command and the file in whose place there is something else. */
  private record Use(Path file, List<Object> command) {
    static Use of(Path file, Object... command) {
      return new Use(file, List.of(command));
    }
  }

  private static List<Use> uses() {
    Path a = folder.resolve("a.txt");
    Path b = folder.resolve("b.txt");
    Path out = folder.resolve("out");
    Path pairs = folder.resolve("pairs.jsonl");
    Path json = folder.resolve("x.json");
    List<Use> uses = new ArrayList<>();
    for (String name :
        List.of(
            "config.json",
            "tokenizer.json",
            "tokenizer_config.json",
            "special_tokens_map.json",
            "generation_config.json",
            "chat_template.jinja",
            "model.safetensors")) {
      uses.add(Use.of(model.resolve(name), "generate", "--model", model, "--prompt", "hi"));
    }
    uses.add(Use.of(model.resolve("expected.safetensors"), "verify-parity", model));
    for (String name :
        List.of("adapter_config.json", "adapter_model.safetensors", "provenance.json")) {
      Path file = lora.resolve(name);
      uses.add(Use.of(file, "generate", "--model", model, "--adapter", lora, "--prompt", "hi"));
      uses.add(Use.of(file, "export", "merged", "--model", model, "--adapter", lora, "--out", out));
    }
    for (String name : List.of("sysformer.json", "sysformer.safetensors", "provenance.json")) {
      Path file = guard.resolve(name);
      uses.add(Use.of(file, "guard", "run", "--model", model, "--guard", guard));
    }
    Path vector = folder.resolve("v.gguf");
    uses.add(
        Use.of(
            vector,
            "steer",
            "--model",
            model,
            "--vector",
            vector,
            "--prompt",
            "hi",
            "--coefficient",
            1));
    uses.add(
        Use.of(vector, "export", "gguf", "--adapter", vector, "--out", folder.resolve("w.gguf")));
    uses.add(Use.of(a, "generate", "--model", model, "--file", a));
    uses.add(
        Use.of(
            a,
            "capture",
            "--model",
            model,
            "--prompts",
            a,
            "--layers",
            "1",
            "--out",
            folder.resolve("c.npz")));
    uses.add(
        Use.of(
            a,
            "read",
            "--model",
            model,
            "--positive",
            a,
            "--negative",
            b,
            "--layers",
            "1-3",
            "--out",
            out));
    uses.add(
        Use.of(
            b,
            "read",
            "--model",
            model,
            "--positive",
            a,
            "--negative",
            b,
            "--layers",
            "1-3",
            "--out",
            out));
    uses.add(Use.of(a, "probe", "--model", model, "--harmful", a, "--benign", b));
    uses.add(Use.of(b, "probe", "--model", model, "--harmful", a, "--benign", b));
    uses.add(
        Use.of(
            a,
            "tune",
            "actor",
            "--model",
            model,
            "--harmful",
            a,
            "--benign",
            b,
            "--pseudo-harmful",
            b,
            "--out",
            out));
    uses.add(
        Use.of(
            b,
            "tune",
            "actor",
            "--model",
            model,
            "--harmful",
            a,
            "--benign",
            b,
            "--pseudo-harmful",
            a,
            "--out",
            out));
    for (Path broken : List.of(a, b)) {
      uses.add(
          Use.of(
              broken,
              "tune",
              "edit",
              "--method",
              "ablation",
              "--layer",
              3,
              "--model",
              model,
              "--harmful",
              a,
              "--benign",
              b,
              "--out",
              out));
    }
    uses.add(Use.of(a, "evaluate", "over-refusal", "--model", model, "--safe", a, "--harmful", b));
    uses.add(
        Use.of(
            a, "guard", "train", "--model", model, "--harmful", a, "--harmless", b, "--out", out));
    uses.add(Use.of(a, "guard", "evaluate", "--model", model, "--harmful", a, "--safe", b));
    uses.add(Use.of(a, "split", "--halves", a, "--out", out));
    uses.add(
        Use.of(
            folder.resolve("x.csv"), "split", "--xstest", folder.resolve("x.csv"), "--out", out));
    uses.add(Use.of(pairs, "tune", "dpo", model, pairs, "--out", out));
    uses.add(Use.of(pairs, "evaluate", "preferences", model, pairs));
    uses.add(
        Use.of(
            json,
            "evaluate",
            "preferences",
            model,
            pairs,
            "--adapter",
            lora,
            "--judge",
            model,
            "--judge-prompt",
            json));
    uses.add(
        Use.of(
            out.resolve("runs.jsonl"),
            "compare",
            "preferences",
            model,
            pairs,
            "--train",
            2,
            "--test",
            2,
            "--out",
            out));
    uses.add(Use.of(json, "picture", json, folder.resolve("x.svg")));
    uses.add(Use.of(json, "bench", model, "--workload", json));
    uses.add(
        Use.of(
            folder.resolve("run.yaml"),
            "synthesize",
            folder.resolve("run.yaml"),
            "--out",
            folder.resolve("synthesis")));
    uses.add(
        Use.of(
            folder.resolve("texts.jsonl"),
            "synthesize",
            folder.resolve("run.yaml"),
            "--out",
            folder.resolve("synthesis")));
    uses.add(
        Use.of(
            folder.resolve("synthesis/requests.sqlite"),
            "synthesize",
            folder.resolve("run.yaml"),
            "--resume",
            "--out",
            folder.resolve("synthesis")));
    Path rows = folder.resolve("rows.jsonl");
    uses.add(Use.of(rows, "tune", "reversed", model, rows, "--out", out));
    Path bbq = folder.resolve("bbq");
    uses.add(
        Use.of(
            bbq.resolve("Age.jsonl"),
            "evaluate",
            "moral",
            "--model",
            model,
            "--bbq",
            bbq,
            "--out",
            out));
    Path students = folder.resolve("students.csv");
    uses.add(
        Use.of(
            students,
            "evaluate",
            "moral",
            "--model",
            model,
            "--law-school=" + students,
            "--out",
            out));
    uses.add(
        Use.of(
            out.resolve("readings.jsonl"),
            "evaluate",
            "moral",
            "--model",
            model,
            "--law-school",
            "--items",
            2,
            "--out",
            out));
    uses.add(
        Use.of(
            out.resolve("report.json"),
            "evaluate",
            "moral",
            "--model",
            model,
            "--law-school",
            "--items",
            2,
            "--out",
            folder.resolve("moral"),
            "--beside",
            out));
    return uses;
  }

  private static List<String> faults(Broken broken) throws IOException {
    List<String> faults = new ArrayList<>();
    List<Use> uses = uses();
    for (Use use : uses) {
      // These are found where the file is opened: some of the commands will do.
      boolean seldom =
          List.of(Broken.LOOP, Broken.FOLDER, Broken.DEVICE, Broken.BINARY).contains(broken);
      if (seldom && uses.indexOf(use) % 4 != 0) {
        continue;
      }
      if (broken.mayPass(use.file.getFileName().toString())) {
        continue;
      }
      Path kept = folder.resolve("kept");
      Files.createDirectories(use.file.getParent());
      boolean there = Files.exists(use.file);
      if (there) {
        Files.move(use.file, kept);
      }
      broken.put(use.file);
      String fault = "";
      try {
        CommandRun run =
            assertTimeoutPreemptively(LIMIT, () -> CommandRun.of(use.command.toArray()));
        List<String> lines = run.errorLines();
        String last = lines.isEmpty() ? "" : lines.get(lines.size() - 1);
        if (run.status() != 1 && run.status() != 2) {
          fault = "status " + run.status();
        } else if (!run.err().contains(use.file.getFileName().toString())) {
          fault = "not named";
        } else if (run.err().contains("internal error") || run.err().contains("heap is full")) {
          fault = "no error of its own";
        } else if (last.length() > 2000 || lines.size() > 2) {
          fault = "not one line";
        }
        if (!fault.isEmpty()) {
          fault += ": " + run.err().substring(0, Math.min(500, run.err().length()));
        }
      } catch (AssertionError e) {
        fault = "hangs";
      }
      if (!fault.isEmpty()) {
        faults.add(
            use.command.get(0)
                + " "
                + use.command.get(1)
                + ", "
                + folder.relativize(use.file)
                + ": "
                + fault);
      }
      Path out = folder.resolve("out");
      MoreFiles.deleteRecursively(use.file, RecursiveDeleteOption.ALLOW_INSECURE);
      if (Files.exists(out)) {
        MoreFiles.deleteRecursively(out, RecursiveDeleteOption.ALLOW_INSECURE);
      }
      if (there) {
        Files.move(kept, use.file);
      }
    }
    return faults;
  }

  @Tag("slow")
  @ParameterizedTest
  @EnumSource(Broken.class)
  void everyCommandNamesTheFile(Broken broken) throws IOException {
    assertEquals(List.of(), faults(broken));
  }

  @Test
  void theFilesAreReadAsTheyAre() {
    passes("generate", "--model", model, "--adapter", lora, "--prompt", "hi", "--max-tokens", 2);
    assertTrue(Files.exists(guard.resolve("sysformer.json")));
  }
}
