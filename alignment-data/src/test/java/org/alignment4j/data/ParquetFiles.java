package org.alignment4j.data;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import org.apache.parquet.conf.PlainParquetConfiguration;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.SimpleGroupFactory;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.example.ExampleParquetWriter;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.MessageTypeParser;

/** Parquet files of any schema and content. */
final class ParquetFiles {
  private ParquetFiles() {}

  @SafeVarargs
  @SuppressWarnings("varargs")
  static void write(Path file, String schema, Consumer<Group>... rows) throws IOException {
    MessageType type = MessageTypeParser.parseMessageType(schema);
    SimpleGroupFactory groups = new SimpleGroupFactory(type);
    try (OutputStream out = Files.newOutputStream(file);
        ParquetWriter<Group> writer =
            ExampleParquetWriter.builder(new ParquetOutput(out))
                .withType(type)
                .withConf(new PlainParquetConfiguration())
                .withCodecFactory(new ParquetCodecs())
                .withCompressionCodec(CompressionCodecName.GZIP)
                .build()) {
      for (Consumer<Group> row : List.of(rows)) {
        Group group = groups.newGroup();
        row.accept(group);
        writer.write(group);
      }
    }
  }

  /** Names and values by turns; a value is text, or the bytes of a string. */
  static Consumer<Group> row(Object... namesAndValues) {
    return group -> {
      for (int i = 0; i < namesAndValues.length; i += 2) {
        String name = (String) namesAndValues[i];
        if (namesAndValues[i + 1] instanceof byte[] bytes) {
          group.add(name, Binary.fromConstantByteArray(bytes));
        } else {
          group.add(name, (String) namesAndValues[i + 1]);
        }
      }
    };
  }
}
