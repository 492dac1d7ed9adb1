package org.alignment4j.data.induction;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.alignment4j.Tuning.Unused;
import org.alignment4j.chat.Encoded;
import org.alignment4j.data.induction.ReversedInstructionTuner.InstructionSplit;
import org.alignment4j.data.induction.ReversedInstructionTuner.ReversedTuning;
import org.alignment4j.internal.host.Cancellation;

/**
 * The usable rows of a data set, encoded.
 *
 * @param sources the used rows
 * @param encoded these as token ids, each with tokens to learn
 * @param unused the other rows
 * @param counts counts of all rows
 */
record ReversedRows(
    List<InstructionSplit.Row> sources,
    List<Encoded> encoded,
    List<Unused> unused,
    ReversedTuning.Counts counts) {
  static ReversedRows of(ReversedEncoder encoder, List<InstructionSplit.Row> rows) {
    List<InstructionSplit.Row> sources = new ArrayList<>();
    List<Encoded> encoded = new ArrayList<>();
    List<Unused> unused = new ArrayList<>();
    Map<ReversedTuning.Drop, Integer> dropped = new EnumMap<>(ReversedTuning.Drop.class);
    int cut = 0;
    int fewest = Integer.MAX_VALUE;
    long targets = 0;
    for (int i = 0; i < rows.size(); i++) {
      InstructionSplit.Row row = rows.get(i);
      Cancellation.check("encoding instructions");
      ReversedEncoder.Result result = encoder.encode(row);
      if (result.dropped().isPresent()) {
        ReversedTuning.Drop reason = result.dropped().get();
        dropped.merge(reason, 1, Integer::sum);
        unused.add(new Unused(i, reason.name().toLowerCase(Locale.ROOT).replace('_', ' ')));
      }
      if (result.row().isPresent()) {
        ReversedEncoder.Row usable = result.row().get();
        sources.add(row);
        encoded.add(usable.row());
        cut += usable.cut() ? 1 : 0;
        fewest = Math.min(fewest, usable.row().predictedLength());
        targets += usable.row().predictedLength();
      }
    }
    return new ReversedRows(
        sources,
        encoded,
        unused,
        new ReversedTuning.Counts(
            rows.size(), encoded.size(), dropped, cut, encoded.isEmpty() ? 0 : fewest, targets));
  }
}
