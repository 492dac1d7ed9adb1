package org.alignment4j.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.alignment4j.core.AlignmentException;
import org.alignment4j.data.request.RequestStore;
import org.alignment4j.data.synthesis.SparkSaferInstruct;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

/** An application that has added none of the libraries that are optional. */
class OptionalLibrariesTests {
  /** Jars of Spark, SQLite, Parquet and the endpoint's client, and what only they bring. */
  private static final Pattern OPTIONAL =
      Pattern.compile(
          "(?:spark|scala|json4s|jackson|hadoop|parquet|aircompressor|snappy|zstd|lz4|sqlite|openai"
              + "|kotlin|netty|avro|kryo|chill|log4j|jersey|metrics|zookeeper|curator)[-_0-9.].*");

  /** Whose class files may name a class that is not there, by the beginning of their names. */
  private static final Set<String> USERS =
      Set.of(
          "org.alignment4j.data.Parquet",
          "org.alignment4j.data.request.OpenAi",
          "org.alignment4j.data.synthesis.Spark");

  private final Path folder;
  private final List<String> jars = new ArrayList<>();
  private URLClassLoader application;

  OptionalLibrariesTests(@TempDir Path folder) {
    this.folder = folder;
  }

  @BeforeEach
  void leaveThemOut() throws IOException {
    List<URL> urls = new ArrayList<>();
    String path =
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    for (String entry : path.split(File.pathSeparator)) {
      String jar = Path.of(entry).getFileName().toString();
      if (OPTIONAL.matcher(jar).matches()) {
        jars.add(jar);
      } else {
        urls.add(Path.of(entry).toUri().toURL());
      }
    }
    application =
        new URLClassLoader(urls.toArray(URL[]::new), ClassLoader.getPlatformClassLoader());
  }

  @AfterEach
  void close() throws IOException {
    application.close();
  }

  @Test
  void everyOtherClassWorksWithoutThem() throws Exception {
    Path classes =
        Path.of(Preferences.class.getProtectionDomain().getCodeSource().getLocation().toURI());
    Set<String> failed = new TreeSet<>();
    int count = 0;
    try (Stream<Path> files = Files.walk(classes)) {
      for (Path file : files.filter(f -> f.toString().endsWith(".class")).toList()) {
        String name =
            classes
                .relativize(file)
                .toString()
                .replace(File.separatorChar, '.')
                .replace(".class", "");
        if (USERS.stream().anyMatch(name::startsWith) || name.endsWith("-info")) {
          continue;
        }
        count++;
        try {
          // Initialising has every method verified, reflection every signature resolved.
          Class<?> found = Class.forName(name, true, application);
          assertTrue(found.getDeclaredMethods().length + found.getDeclaredFields().length >= 0);
        } catch (LinkageError e) {
          failed.add(name + ": " + e);
        }
      }
    }
    assertEquals(Set.of(), failed);
    assertTrue(count > 100, "only " + count + " classes");
  }

  @Test
  void aStoreWithoutSqliteSaysWhatToAdd() throws Exception {
    Class<?> store = application.loadClass(RequestStore.class.getName());
    Path file = folder.resolve("requests.sqlite");
    assertNames(() -> store.getMethod("open", Path.class).invoke(null, file), "sqlite-jdbc");
    assertNames(() -> store.getMethod("inMemory").invoke(null), "sqlite-jdbc");
    assertTrue(Files.notExists(file));
  }

  @Test
  void sparksRunWithoutSparkSaysWhatToAdd() throws Exception {
    Class<?> run = application.loadClass(SparkSaferInstruct.class.getName());
    Constructor<?> constructor =
        run.getConstructor(application.loadClass(SparkSaferInstruct.Setup.class.getName()));
    assertNames(() -> constructor.newInstance((Object) null), "spark-core_2.13");
  }

  @Test
  void parquetSaysWhatToAdd() throws Exception {
    Path file = Files.writeString(folder.resolve("a.parquet"), "PAR1");
    Class<?> reader = application.loadClass(Preferences.class.getName());
    assertNames(
        () -> reader.getMethod("read", Path.class).invoke(null, file),
        "parquet-hadoop",
        "hadoop-client-api");
  }

  /** The message has the coordinates of the jars that this build runs with. */
  private void assertNames(Executable call, String... artifacts) {
    Throwable e = assertThrows(InvocationTargetException.class, call).getCause();
    assertEquals(AlignmentException.class.getName(), e.getClass().getName());
    assertInstanceOf(String.class, e.getMessage());
    for (String artifact : artifacts) {
      String jar = jars.stream().filter(j -> j.startsWith(artifact + "-")).findFirst().orElse("");
      String coordinates = jar.replace(artifact + "-", ":" + artifact + ":").replace(".jar", "");
      assertTrue(
          !jar.isEmpty() && e.getMessage().contains(coordinates),
          () -> e.getMessage() + " should name " + coordinates + " of " + Arrays.asList(artifacts));
    }
  }
}
