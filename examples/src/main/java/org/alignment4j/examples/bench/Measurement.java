package org.alignment4j.examples.bench;

/** One figure of the benchmark. */
@FunctionalInterface
public interface Measurement {
  /** Runs the work to be timed and returns the figure, in the unit of its name. */
  double measure(Bench bench);
}
