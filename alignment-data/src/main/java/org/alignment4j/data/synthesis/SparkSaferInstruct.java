package org.alignment4j.data.synthesis;

import static org.alignment4j.internal.text.Arguments.require;

import com.google.common.collect.Iterators;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Iterator;
import java.util.List;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.function.Function;
import org.alignment4j.core.AlignmentException;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.data.filter.Deduplicator;
import org.alignment4j.data.synthesis.SynthesisStages.Candidate;
import org.alignment4j.synthesis.SourceText;
import org.alignment4j.synthesis.SynthesisReport;
import org.alignment4j.synthesis.SynthesizedPair;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.storage.StorageLevel;
import scala.Tuple2;

/**
 * {@link SaferInstruct} on Apache Spark: the same stages on the partitions of a data set, the same
 * pairs in the same order. Needs {@code org.apache.spark:spark-core_2.13} from the cluster.
 *
 * <p>Each executor creates the run once, with one client or one model, and each task sends requests
 * with as many threads as the run has. The driver drops duplicates: it reads texts and instructions
 * partition by partition in their order, and needs the memory of a {@link Deduplicator}. A retried
 * task sends only requests that are not stored.
 *
 * <p>The store must be one for all executors. {@code RequestStore} is an embedded database: it
 * works for executors on one machine. A cluster needs runs whose {@code RequestLedger} stores
 * answers in a database that all machines share. A budget covers what is in the store and each
 * process's own requests in flight, not those of other executors. Speculative execution would send
 * requests twice, and is rejected.
 */
public final class SparkSaferInstruct {
  private final OncePerProcess setup;

  /** Creates the run in each process; the object must be serializable. */
  @FunctionalInterface
  public interface Setup extends Serializable {
    /** Creates a run; called once in each executor and in the driver. */
    SaferInstruct create();
  }

  /**
   * Creates a synthesis that runs the setup's runs.
   *
   * @throws AlignmentException naming the library to add, if Spark is missing
   */
  public SparkSaferInstruct(Setup setup) {
    requireSpark();
    // One name for all tasks of this object: the key of an executor's run.
    this.setup = new OncePerProcess(UUID.randomUUID().toString(), setup);
  }

  private static void requireSpark() {
    String needed = "org.apache.spark.api.java.JavaSparkContext";
    try {
      Class.forName(needed, false, SparkSaferInstruct.class.getClassLoader());
    } catch (ClassNotFoundException e) {
      throw new AlignmentException(
          "Spark is missing, which a cluster has: elsewhere add"
              + " org.apache.spark:spark-core_2.13:4.0.1 to the class path",
          e);
    }
  }

  /**
   * Synthesises pairs from texts.
   *
   * @param texts the texts, in the order in which duplicates are dropped
   * @param pairs called with each pair by the calling thread, in the order of the texts
   * @return as {@link SaferInstruct#run}; its usage does not include requests of other processes
   * @throws IllegalArgumentException if the context has speculative execution enabled
   */
  public SynthesisReport run(
      JavaSparkContext context,
      JavaRDD<SourceText> texts,
      Consumer<SynthesizedPair> pairs,
      ProgressListener progress) {
    requireNoSpeculation(context.getConf());
    OpenRun here = setup.get();
    SynthesisStages own = here.stages();
    own.requireAnswers();
    RunAccount<SynthesizedPair> account =
        new RunAccount<>(pairs, new RunProgress(progress, own.requests(), here.run().expected()));

    JavaPairRDD<SourceText, Long> numbered = texts.zipWithIndex();
    BitSet unique = uniqueTexts(numbered, here.run().textDedup(), account);
    JavaRDD<SparkItem<Candidate>> induced =
        mapped(context, numbered, unique, SparkSaferInstruct::candidates)
            .persist(StorageLevel.MEMORY_AND_DISK());
    try {
      workOnAll(induced);
      List<Candidate> kept = new ArrayList<>();
      OrderedDedup<Candidate> dedup = here.run().instructionDedup();
      String stopped = "";
      for (Iterator<SparkItem<Candidate>> i = induced.toLocalIterator();
          i.hasNext() && stopped.isEmpty(); ) {
        SparkItem<Candidate> item = i.next();
        stopped = item.stopped();
        if (stopped.isEmpty()) {
          account.induced(item.work());
          for (Candidate candidate : item.work().items()) {
            dedup.offer(candidate, account.tally()).ifPresent(kept::add);
          }
        }
      }
      return answered(context, kept, stopped, account, own);
    } finally {
      induced.unpersist();
    }
  }

  /**
   * Computes all partitions in parallel; the driver's iterator alone would compute them one by one.
   */
  private static void workOnAll(JavaRDD<?> kept) {
    kept.count();
  }

  static void requireNoSpeculation(SparkConf settings) {
    require(
        !settings.getBoolean("spark.speculation", false),
        "speculative execution would send requests twice: set spark.speculation to false");
  }

  /** Applies the source stage again, which may change a text; it was counted before. */
  private static ItemWork<Candidate> candidates(SynthesisStages stages, SourceText text) {
    List<SourceText> usable = stages.source().apply(text).passed();
    return usable.isEmpty()
        ? new ItemWork<>(List.of(), new StageTally())
        : stages.candidates(usable.get(0));
  }

  private SynthesisReport answered(
      JavaSparkContext context,
      List<Candidate> kept,
      String stoppedBefore,
      RunAccount<SynthesizedPair> account,
      SynthesisStages own) {
    String stopped = stoppedBefore;
    if (!kept.isEmpty()) {
      JavaPairRDD<Candidate, Long> numbered =
          context.parallelize(kept, context.defaultParallelism()).zipWithIndex();
      BitSet all = new BitSet();
      all.set(0, kept.size());
      JavaRDD<SparkItem<SynthesizedPair>> made =
          mapped(context, numbered, all, SynthesisStages::pair)
              .persist(StorageLevel.MEMORY_AND_DISK());
      try {
        workOnAll(made);
        for (Iterator<SparkItem<SynthesizedPair>> i = made.toLocalIterator(); i.hasNext(); ) {
          SparkItem<SynthesizedPair> item = i.next();
          if (!item.stopped().isEmpty()) {
            stopped = item.stopped();
            break;
          }
          account.answered(item.work());
        }
      } finally {
        made.unpersist();
      }
    }
    return account
        .report(stopped)
        .withUsage(own.requests().usage(), own.requests().usageOfAllRuns());
  }

  /** Returns the numbers of the texts that pass the source stage and duplicate no earlier one. */
  private BitSet uniqueTexts(
      JavaPairRDD<SourceText, Long> numbered,
      OrderedDedup<SourceText> dedup,
      RunAccount<SynthesizedPair> account) {
    OncePerProcess factory = setup;
    JavaRDD<SparkItem<SourceText>> usable =
        numbered.mapPartitions(
            rows -> {
              SynthesisStages here = factory.get().stages();
              return lazily(
                  rows,
                  row -> {
                    StageTally tally = new StageTally();
                    List<SourceText> passed =
                        tally.apply(here.source(), row._1().category(), row._1());
                    return new SparkItem<>(row._2(), new ItemWork<>(passed, tally), "");
                  });
            });
    BitSet unique = new BitSet();
    usable
        .toLocalIterator()
        .forEachRemaining(
            item -> {
              account.read();
              account.tally().add(item.work().tally());
              for (SourceText text : item.work().items()) {
                if (dedup.offer(text, account.tally()).isPresent()) {
                  unique.set(Math.toIntExact(item.number()));
                }
              }
            });
    return unique;
  }

  /** The processing of an item in an executor. */
  @FunctionalInterface
  private interface Work<I, O> extends Serializable {
    ItemWork<O> apply(SynthesisStages stages, I item);
  }

  private <I, O> JavaRDD<SparkItem<O>> mapped(
      JavaSparkContext context, JavaPairRDD<I, Long> rows, BitSet wanted, Work<I, O> work) {
    OncePerProcess factory = setup;
    Broadcast<BitSet> numbers = context.broadcast(wanted);
    return rows.mapPartitions(
        partition -> {
          OpenRun here = factory.get();
          BitSet these = numbers.value();
          List<Tuple2<I, Long>> own = new ArrayList<>();
          partition.forEachRemaining(
              row -> {
                if (these.get(Math.toIntExact(row._2()))) {
                  own.add(row);
                }
              });
          return SparkPartition.run(
                  own, here.run().threads(), item -> work.apply(here.stages(), item))
              .iterator();
        });
  }

  private static <I, O> Iterator<O> lazily(Iterator<I> items, Function<I, O> step) {
    return Iterators.transform(items, step::apply);
  }
}
