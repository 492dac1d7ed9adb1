package org.alignment4j.data;

import com.google.common.base.Throwables;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.FileChannel;
import java.util.List;
import java.util.Optional;
import org.alignment4j.data.PreferenceWriter.Layout;
import org.apache.parquet.conf.PlainParquetConfiguration;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.SimpleGroupFactory;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.example.ExampleParquetWriter;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.apache.parquet.schema.GroupType;
import org.apache.parquet.schema.LogicalTypeAnnotation;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName;
import org.apache.parquet.schema.Type;
import org.apache.parquet.schema.Types;

/**
 * Writes Parquet with gzip: text as strings, messages as lists of structures in three levels, as
 * pyarrow does.
 */
final class ParquetSink implements RowSink {
  /** Bytes buffered before they are written, which is also a reader's memory. */
  private static final long ROW_GROUP = 8 << 20;

  private static final int PAGE = 1 << 20;

  private final FileChannel file;
  private final List<String> columns;
  private final SimpleGroupFactory groups;
  private final ParquetWriter<Group> writer;

  /**
   * @param out a stream to the file's channel
   */
  ParquetSink(OutputStream out, FileChannel file, Layout layout) throws IOException {
    this.file = file;
    columns = layout.columns();
    MessageType schema = schema(layout);
    groups = new SimpleGroupFactory(schema);
    writer =
        ExampleParquetWriter.builder(new ParquetOutput(out))
            .withType(schema)
            .withConf(new PlainParquetConfiguration())
            .withCodecFactory(new ParquetCodecs())
            .withCompressionCodec(CompressionCodecName.GZIP)
            .withRowGroupSize(ROW_GROUP)
            .withPageSize(PAGE)
            // Texts may be long: by default the size is first checked after a hundred rows.
            .withMinRowCountForPageSizeCheck(1)
            .withMaxRowCountForPageSizeCheck(16)
            .build();
  }

  private static MessageType schema(Layout layout) {
    return new MessageType(
        "preferences",
        layout.columns().stream()
            .map(name -> layout.isList(name) ? messages(name) : string(name))
            .toList());
  }

  private static Type string(String name) {
    return Types.optional(PrimitiveTypeName.BINARY)
        .as(LogicalTypeAnnotation.stringType())
        .named(name);
  }

  private static Type messages(String name) {
    return Types.optionalList()
        .element(
            new GroupType(
                Type.Repetition.OPTIONAL, "element", List.of(string("role"), string("content"))))
        .named(name);
  }

  private interface Step {
    void run() throws IOException;
  }

  /** Unwraps the IOException of a full disk, which Parquet wraps. */
  private static void passingOn(Step step) throws IOException {
    try {
      step.run();
    } catch (RuntimeException e) {
      Optional<Throwable> io =
          Throwables.getCausalChain(e).stream().filter(IOException.class::isInstance).findFirst();
      if (io.isPresent()) {
        throw (IOException) io.get();
      }
      throw e;
    }
  }

  private record Row(JsonObject asRead, Group row, ParquetWriter<Group> writer) implements Encoded {
    @Override
    public void write() throws IOException {
      passingOn(() -> writer.write(row));
    }
  }

  @Override
  public Encoded encode(JsonObject fields) throws BadRow {
    Group row = groups.newGroup();
    for (String column : columns) {
      JsonElement value = fields.get(column);
      if (value == null) {
        continue;
      }
      if (value.isJsonArray()) {
        Group list = row.addGroup(column);
        for (JsonElement message : value.getAsJsonArray()) {
          Group element = list.addGroup(0).addGroup(0);
          for (String key : List.of("role", "content")) {
            element.add(key, text(column, message.getAsJsonObject().get(key)));
          }
        }
      } else {
        row.add(column, text(column, value));
      }
    }
    return new Row(fields, row, writer);
  }

  private static String text(String column, JsonElement value) throws BadRow {
    String text = JsonPreferences.cell(value);
    TextFile.requireWritable(column, text);
    return text;
  }

  @Override
  public void finish() throws IOException {
    passingOn(writer::close);
    ParquetFooter.sort(file);
  }
}
