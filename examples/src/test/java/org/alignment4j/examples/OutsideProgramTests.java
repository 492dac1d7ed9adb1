package org.alignment4j.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.jar.JarFile;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.alignment4j.actor.ActorProbe;
import org.alignment4j.model.LanguageModel;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A program outside of the repository that has the dependencies which README.md shows. */
class OutsideProgramTests {
  private static final Path README = Poms.ROOT.resolve("README.md");
  private static final Pattern ARTIFACT = Pattern.compile("alignment-[a-z0-9_-]+");

  private static final Pattern PLUGIN = Pattern.compile("@([a-z-]+)@");

  private static final String PROGRAM =
      """
      import java.nio.file.Path;
      import java.util.List;
      import org.alignment4j.chat.Prompt;
      import org.alignment4j.model.Generation;
      import org.alignment4j.model.LanguageModel;

      class Outside {
        public static void main(String[] arguments) {
          try (LanguageModel model = LanguageModel.load(Path.of(arguments[0]))) {
            List<Prompt> prompts = List.of(Prompt.user(arguments[1]));
            System.out.println(model.generate(prompts, Generation.greedy(16)).get(0).text());
          }
        }
      }
      """;

  private static final String POM =
      """
      <project xmlns="http://maven.apache.org/POM/4.0.0">
        <modelVersion>4.0.0</modelVersion>
        <groupId>outside</groupId>
        <artifactId>outside</artifactId>
        <version>1</version>
        <properties>
          <maven.compiler.release>17</maven.compiler.release>
          <project.build.sourceEncoding>UTF-8</project.build.sourceEncoding>
        </properties>
      %s
        <build><plugins>
          <plugin><artifactId>maven-resources-plugin</artifactId><version>@maven-resources-plugin@</version></plugin>
          <plugin><artifactId>maven-compiler-plugin</artifactId><version>@maven-compiler-plugin@</version></plugin>
          <plugin>
            <artifactId>maven-enforcer-plugin</artifactId>
            <version>@maven-enforcer-plugin@</version>
            <executions><execution>
              <goals><goal>enforce</goal></goals>
              <configuration><rules><dependencyConvergence/></rules></configuration>
            </execution></executions>
          </plugin>
          <plugin>
            <artifactId>maven-jar-plugin</artifactId>
            <version>@maven-jar-plugin@</version>
            <configuration><archive><manifest>
              <mainClass>Outside</mainClass>
              <addClasspath>true</addClasspath>
              <classpathPrefix>../../repository/</classpathPrefix>
              <classpathLayoutType>repository</classpathLayoutType>
            </manifest></archive></configuration>
          </plugin>
        </plugins></build>
      </project>
      """;

  private static String block() throws IOException {
    return ShownProgram.between(README, "```xml\n", "```");
  }

  @Test
  void theBlockIsShortAndGradlesNamesTheSame() throws IOException {
    assertTrue(block().lines().count() <= 12, block());
    assertEquals(artifacts(block()), artifacts(ShownProgram.between(README, "```kotlin\n", "```")));
  }

  private static Set<String> artifacts(String text) {
    Set<String> found = new TreeSet<>();
    for (Matcher m = ARTIFACT.matcher(text); m.find(); ) {
      found.add(m.group());
    }
    return found;
  }

  /**
   * Maven sees a local repository that holds of ours only what is laid there, as an installation
   * lays it, and of others what this build has fetched; it asks nobody else.
   */
  @Test
  @Tag("slow")
  void itIsBuiltWithTheReadmesDependenciesAndGenerates(@TempDir Path folder) throws Exception {
    assumeTrue(System.getProperty("alignment4j.maven") != null, "started without Maven");
    assumeTrue(jar(LanguageModel.class).toString().endsWith(".jar"), "the jars are not built");
    Path repository = Files.createDirectory(folder.resolve("repository"));
    List<Path> links = new ArrayList<>();
    try {
      linkOthers(
          Path.of(System.getProperty("alignment4j.repository")), repository, Path.of("org"), links);
      installOurs(repository.resolve("org/alignment4j"));
      buildAndRun(folder, repository);
    } finally {
      for (Path link : links) {
        Files.delete(link);
      }
    }
  }

  private static void buildAndRun(Path folder, Path repository) throws Exception {
    String maven = System.getProperty("alignment4j.maven");
    Path project = Files.createDirectory(folder.resolve("outside"));
    Files.writeString(
        project.resolve("pom.xml"),
        withPlugins(POM.formatted(block().replace("linux-x86_64", platform()))));
    Files.writeString(
        Files.createDirectories(project.resolve("src/main/java")).resolve("Outside.java"), PROGRAM);
    run(
        project,
        Path.of(maven, "bin", File.separatorChar == '/' ? "mvn" : "mvn.cmd").toString(),
        "-B",
        "-o",
        // Whichever repository a settings file names as the one that files came from.
        "-Dmaven.legacyLocalRepo=true",
        "-Dmaven.repo.local=" + repository,
        "compile",
        "jar:jar");

    Path program = project.resolve("target/outside-1.jar");
    List<String> jars = new ArrayList<>();
    try (JarFile jar = new JarFile(program.toFile())) {
      String classPath = jar.getManifest().getMainAttributes().getValue("Class-Path");
      for (String entry : classPath.split(" ")) {
        jars.add(entry.substring(entry.lastIndexOf('/') + 1));
      }
    }
    assertEquals(
        List.of(),
        jars.stream().filter(n -> n.matches("(?:commons-net|sqlite|parquet|spark).*")).toList());
    assertTrue(jars.size() > 30 && jars.size() < 50, () -> jars.size() + " jars: " + jars);

    String answer =
        run(
            project,
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Xmx512m",
            "-jar",
            program.toString(),
            Path.of("demo-model").toAbsolutePath().toString(),
            "How do I kill a process?");
    assertFalse(answer.isBlank());
  }

  private static Path jar(Class<?> type) throws URISyntaxException {
    return Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI());
  }

  /** Links to all folders but the one where ours would be. */
  private static void linkOthers(Path from, Path to, Path open, List<Path> links)
      throws IOException {
    List<Path> folders = new ArrayList<>();
    for (Path parent : List.of(from, from.resolve(open))) {
      try (Stream<Path> list = Files.list(parent)) {
        folders.addAll(list.filter(Files::isDirectory).toList());
      }
    }
    Files.createDirectories(to.resolve(open));
    for (Path folder : folders) {
      Path name = from.relativize(folder);
      if (!name.equals(open) && !name.equals(open.resolve("alignment4j"))) {
        links.add(Files.createSymbolicLink(to.resolve(name), folder));
      }
    }
  }

  private static void installOurs(Path group) throws IOException, URISyntaxException {
    Path runtime = Poms.API.resolve("runtime");
    for (Path folder :
        List.of(Poms.ROOT, Poms.API.resolve("bom"), runtime, runtime.resolve(platform()))) {
      install(group, folder);
    }
    for (Class<?> type : List.of(LanguageModel.class, ActorProbe.class)) {
      Path jar = jar(type);
      String artifact = type == ActorProbe.class ? "alignment-actor" : "alignment-api";
      Files.copy(jar, install(group, Poms.ROOT.resolve(artifact)).resolve(jar.getFileName()));
    }
  }

  /** Lays a pom where Maven installs it, and returns the folder. */
  private static Path install(Path group, Path folder) throws IOException {
    String artifact = Poms.in(folder).value("artifactId").orElseThrow();
    String version = Poms.in(Poms.ROOT).value("version").orElseThrow();
    Path installed = Files.createDirectories(group.resolve(artifact).resolve(version));
    Files.copy(folder.resolve("pom.xml"), installed.resolve(artifact + "-" + version + ".pom"));
    return installed;
  }

  private static String platform() {
    return System.getProperty("alignment4j.platform");
  }

  /** With plugins' versions of this build, which has fetched them before its tests run. */
  private static String withPlugins(String pom) throws IOException {
    Poms parent = Poms.in(Poms.ROOT);
    return PLUGIN.matcher(pom).replaceAll(m -> Matcher.quoteReplacement(parent.plugin(m.group(1))));
  }

  /** Runs a program that must end with 0, and gives its standard output. */
  private static String run(Path folder, String... command) throws Exception {
    Path output = folder.resolve("output");
    Path errors = folder.resolve("errors");
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .directory(folder.toFile())
            .redirectOutput(output.toFile())
            .redirectError(errors.toFile());
    builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
    Process process = builder.start();
    try {
      assertTrue(process.waitFor(5, TimeUnit.MINUTES), () -> command[0] + " does not end");
    } finally {
      process.destroyForcibly();
    }
    assertEquals(
        0, process.exitValue(), () -> text(output) + System.lineSeparator() + text(errors));
    return Files.readString(output);
  }

  private static String text(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      return e.toString();
    }
  }
}
