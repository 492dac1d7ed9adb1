package org.alignment4j.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** What every text of the repository keeps to. */
class RepositoryTests {
  private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();

  private static final Set<String> TEXT =
      Set.of("java", "md", "xml", "torchscript", "txt", "json", "jsonl", "svg", "gitignore");
  private static final Set<String> SCRIPTS = Set.of("run", "align");

  /** Folders of somebody's machine. */
  private static final Pattern MACHINE_PATH =
      Pattern.compile("(?<![\\w.$}])/(?:root|work|home|Users)/[\\w.]");

  private static final Pattern POM_REPOSITORY = Pattern.compile("<(?:plugin)?[rR]epositor");

  /** What has a contract. */
  private static final Pattern IMPLEMENTS =
      Pattern.compile("implements (?:\\w+, )*(?:RepresentationTuner<|PromptGuard\\b)");

  /** Lines of a class. */
  private static final int LONGEST_EXAMPLE = 350;

  private static final Pattern LINK = Pattern.compile("\\]\\(([^)#:]+)(?:#[^)]*)?\\)");

  @Test
  void noTextNamesAFolderOfSomebodysMachine() throws IOException {
    List<String> found = new ArrayList<>();
    for (Path file : texts()) {
      List<String> lines = Files.readString(file, StandardCharsets.UTF_8).lines().toList();
      for (int i = 0; i < lines.size(); i++) {
        if (MACHINE_PATH.matcher(lines.get(i)).find()) {
          found.add(ROOT.relativize(file) + ":" + (i + 1));
        }
      }
    }
    assertEquals(List.of(), found);
  }

  @Test
  void thePatternFindsSuchFolders() {
    for (String folder : List.of("home/me", "root/x", "work/x", "Users/me")) {
      assertTrue(MACHINE_PATH.matcher("see " + "/" + folder).find(), folder);
    }
  }

  @Test
  void noPomNamesARepository() throws IOException {
    for (Path file : texts()) {
      if (file.endsWith("pom.xml")) {
        assertTrue(!POM_REPOSITORY.matcher(Files.readString(file)).find(), file::toString);
      }
    }
  }

  @Test
  void linksOfTheDocumentsLeadSomewhere() throws IOException {
    List<String> broken = new ArrayList<>();
    for (Path file : texts()) {
      if (file.toString().endsWith(".md")) {
        Matcher link = LINK.matcher(Files.readString(file));
        while (link.find()) {
          if (!Files.exists(file.resolveSibling(link.group(1)))) {
            broken.add(ROOT.relativize(file) + " -> " + link.group(1));
          }
        }
      }
    }
    assertEquals(List.of(), broken);
  }

  /** Who adds a tuner or a guard extends the contract for it, where its name is then found. */
  @Test
  void everyTunerAndGuardIsHeldToItsContract() throws IOException {
    StringBuilder contracts = new StringBuilder();
    List<String> bound = new ArrayList<>();
    for (Path file : texts()) {
      String name = file.getFileName().toString();
      String path = file.toString().replace('\\', '/');
      if (name.endsWith("ContractTests.java")) {
        contracts.append(Files.readString(file));
      } else if (name.endsWith(".java")
          && path.contains("/alignment-")
          && path.contains("/src/main/")
          && IMPLEMENTS.matcher(Files.readString(file)).find()) {
        bound.add(name.replace(".java", ""));
      }
    }
    assertTrue(bound.containsAll(List.of("ActorTuner", "DroTuner", "GuardChain")), bound::toString);
    String all = contracts.toString();
    assertEquals(List.of(), bound.stream().filter(name -> !all.contains(name)).toList());
  }

  @Test
  void noClassOfTheExamplesIsLong() throws IOException {
    Path examples = ROOT.resolve("examples");
    List<String> found = new ArrayList<>();
    for (Path file : texts()) {
      if (file.startsWith(examples) && isMainClass(file)) {
        long lines = Files.readString(file).lines().count();
        if (lines > LONGEST_EXAMPLE) {
          found.add(ROOT.relativize(file) + ": " + lines);
        }
      }
    }
    assertEquals(List.of(), found);
  }

  private static boolean isMainClass(Path file) {
    return file.toString().replace('\\', '/').matches(".*/src/main/.*\\.java");
  }

  private static List<Path> texts() throws IOException {
    List<Path> files = new ArrayList<>();
    Files.walkFileTree(
        ROOT,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes) {
            String name = folder.getFileName().toString();
            boolean ours = folder.equals(ROOT) || name.equals(".ci") || !name.startsWith(".");
            return ours && !name.equals("target")
                ? FileVisitResult.CONTINUE
                : FileVisitResult.SKIP_SUBTREE;
          }

          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
            String name = file.getFileName().toString();
            if (TEXT.contains(name.substring(name.lastIndexOf('.') + 1))
                || SCRIPTS.contains(name)) {
              files.add(file);
            }
            return FileVisitResult.CONTINUE;
          }
        });
    assertTrue(files.size() > 100, () -> "only " + files.size() + " texts under " + ROOT);
    return files;
  }
}
