package org.alignment4j.data.synthesis;

import java.io.Serializable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

/**
 * A run that is opened once per process, by the first task that needs it, and stays open until the
 * process ends, as no task knows that it is the last.
 */
record OncePerProcess(String name, SparkSaferInstruct.Setup setup) implements Serializable {
  private static final ConcurrentMap<String, OpenRun> HERE = new ConcurrentHashMap<>();

  OpenRun get() {
    return HERE.computeIfAbsent(name, n -> setup.create().open());
  }
}
