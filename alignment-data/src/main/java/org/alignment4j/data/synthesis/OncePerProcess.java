package org.alignment4j.data.synthesis;

import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

/** Stages that are made once in a process, whatever the number of tasks that ask for them. */
record OncePerProcess(String name, SparkSaferInstruct.Stages made)
    implements SparkSaferInstruct.Stages {
  private static final ConcurrentMap<String, SynthesisStages> HERE = new ConcurrentHashMap<>();

  @Override
  public SynthesisStages create() {
    return HERE.computeIfAbsent(name, n -> made.create());
  }
}
