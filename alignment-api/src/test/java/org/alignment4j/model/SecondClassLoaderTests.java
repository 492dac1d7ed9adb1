package org.alignment4j.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.lang.reflect.InvocationTargetException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.alignment4j.testing.ChildJvm;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An application that is deployed a second time in one JVM. */
@Tag("slow")
class SecondClassLoaderTests {
  @Test
  void theSecondLoaderIsToldTheCause(@TempDir Path folder) throws Exception {
    Path model = Path.of("src/test/resources/parity/mistral").toAbsolutePath();
    try (ChildJvm child = ChildJvm.start(folder, Twice.class, model)) {
      assertEquals(0, child.await(), child.errors());
      assertFalse(child.crashed());
      List<String> lines = child.output().lines().toList();
      assertEquals("loaded", lines.get(0), child.errors());
      String second = lines.get(1);
      assertTrue(second.contains("already loaded in another classloader"), second);
      assertTrue(second.contains("shared class loader"), second);
      assertFalse(second.contains("alignment-runtime"), second);
    }
  }

  /** Loads a model in one class loader, then in another. */
  static final class Twice {
    private Twice() {}

    public static void main(String[] args) throws Exception {
      List<URL> path = new ArrayList<>();
      for (String part : System.getProperty("java.class.path").split(File.pathSeparator)) {
        path.add(new File(part).toURI().toURL());
      }
      for (int i = 0; i < 2; i++) {
        ClassLoader loader =
            new URLClassLoader(path.toArray(new URL[0]), ClassLoader.getPlatformClassLoader());
        Thread.currentThread().setContextClassLoader(loader);
        try {
          loader
              .loadClass("org.alignment4j.model.LanguageModel")
              .getMethod("load", Path.class)
              .invoke(null, Path.of(args[0]));
          System.out.println("loaded");
        } catch (InvocationTargetException e) {
          System.out.println(e.getCause().getMessage());
        }
      }
      System.exit(0);
    }
  }
}
