package org.alignment4j.rahf;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.alignment4j.Tuning;
import org.alignment4j.adapter.GatedEdit;
import org.alignment4j.chat.Encoded;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.core.Provenance;
import org.alignment4j.model.LanguageModel;
import org.alignment4j.rahf.PreferenceTuner.Loreft;
import org.alignment4j.train.TrainingLoop;
import org.alignment4j.train.TrainingResult;
import org.alignment4j.train.TrainingSettings;

/** A run of LoReFT. */
final class LoreftRun {
  private final LanguageModel model;
  private final Loreft.Settings settings;
  private final EncodedPairs encoded;
  private final String data;
  private final ProgressListener progress;

  LoreftRun(
      LanguageModel model,
      Loreft.Settings settings,
      EncodedPairs encoded,
      String data,
      ProgressListener progress) {
    this.model = model;
    this.settings = settings;
    this.encoded = encoded;
    this.data = data;
    this.progress = progress;
  }

  Tuning<GatedEdit> run() {
    TrainingSettings how = settings.training();
    Path folder = how.checkpointFolder();
    TrainingSettings own =
        folder == null ? how : how.with(t -> t.checkpointFolder(folder.resolve("loreft")));
    List<Encoded> rows = encoded.allChosen();
    try (TrainableEdit edit = TrainableEdit.initial(model, settings)) {
      TrainingResult result =
          TrainingLoop.<Encoded>builder(own)
              .task("loreft")
              .fingerprint(model.hash() + " " + data + " " + settings.toMap())
              .length(e -> e.ids().length)
              .build()
              .run(rows, new LoreftObjective(model, edit), progress);
      return Tuning.of(
          edit.snapshot(
              new Provenance(
                  "loreft",
                  settings.toMap(),
                  how.seed(),
                  Map.of("model", model.hash(), "pairs", data),
                  Map.of(
                      "loss", result.finalLoss(),
                      "steps", result.steps(),
                      "pairs", rows.size(),
                      "unused_pairs", encoded.unused().size()))),
          "LoReFT on " + rows.size() + " responses",
          result,
          encoded.unused());
    }
  }
}
