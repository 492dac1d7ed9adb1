package org.alignment4j.adapter;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.alignment4j.core.CheckpointException;
import org.alignment4j.core.UnsupportedArchitectureException;
import org.alignment4j.internal.host.InputFile;
import org.alignment4j.internal.text.Reasons;

/** Detects the type of adapter in a folder and loads it. */
final class AdapterFolder {
  private AdapterFolder() {}

  static Adapter load(Path folder) {
    InputFile.checkpoint(folder).requireFolder();
    List<Path> found;
    try (Stream<Path> files = Files.list(folder)) {
      found = files.filter(AdapterFolder::tellsKind).sorted().toList();
    } catch (IOException e) {
      throw new CheckpointException("cannot read " + folder + ": " + Reasons.of(e), e);
    }
    if (found.size() != 1) {
      throw new CheckpointException(
          folder
              + ": expected one adapter, "
              + TunedBlock.FILE
              + ", "
              + GatedEditFile.FILE
              + ", "
              + PeftFolder.CONFIG
              + " or *.gguf, found "
              + (found.isEmpty() ? "none" : found.stream().map(Path::getFileName).toList()));
    }
    Path file = found.get(0);
    String name = file.getFileName().toString();
    if (name.equals(TunedBlock.FILE)) {
      return TunedBlock.load(folder);
    }
    if (name.equals(GatedEditFile.FILE)) {
      return GatedEdit.load(folder);
    }
    return name.equals(PeftFolder.CONFIG) ? loadPeft(folder) : ControlVector.readGguf(file);
  }

  private static boolean tellsKind(Path file) {
    String name = file.getFileName().toString();
    return name.equals(TunedBlock.FILE)
        || name.equals(GatedEditFile.FILE)
        || name.equals(PeftFolder.CONFIG)
        || name.endsWith(".gguf");
  }

  private static Adapter loadPeft(Path folder) {
    String type = new PeftFolder(folder).type();
    return switch (type) {
      case LoraFile.TYPE -> LoraAdapter.load(folder);
      case SoftPrompt.TYPE -> SoftPrompt.load(folder);
      default ->
          throw new UnsupportedArchitectureException(
              folder.resolve(PeftFolder.CONFIG)
                  + ": peft_type "
                  + type
                  + " is not supported, only "
                  + LoraFile.TYPE
                  + " and "
                  + SoftPrompt.TYPE);
    };
  }
}
