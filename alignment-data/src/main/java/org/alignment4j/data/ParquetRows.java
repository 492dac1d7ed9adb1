package org.alignment4j.data;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.alignment4j.core.BadDataException;
import org.alignment4j.internal.host.InputFile;
import org.alignment4j.internal.text.Reasons;
import org.apache.parquet.ParquetReadOptions;
import org.apache.parquet.column.page.PageReadStore;
import org.apache.parquet.conf.PlainParquetConfiguration;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.convert.GroupRecordConverter;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.hadoop.metadata.BlockMetaData;
import org.apache.parquet.hadoop.metadata.ColumnChunkMetaData;
import org.apache.parquet.io.ColumnIOFactory;
import org.apache.parquet.io.LocalInputFile;
import org.apache.parquet.io.MessageColumnIO;
import org.apache.parquet.io.RecordReader;
import org.apache.parquet.schema.GroupType;
import org.apache.parquet.schema.LogicalTypeAnnotation.ListLogicalTypeAnnotation;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName;
import org.apache.parquet.schema.Type;
import org.jspecify.annotations.Nullable;

/** The rows of a Parquet file, with the requested columns of one row group in memory at a time. */
final class ParquetRows implements RowSource {
  private static final long MAX_ROW_BYTES = 64L << 20;

  private final Path file;
  private final ParquetFileReader reader;
  private final MessageType schema;
  private final MessageColumnIO columns;
  private final List<String> unread;
  private @Nullable RecordReader<Group> records;
  private long left;
  private long number;

  /**
   * @param names the columns that are read, in lower case
   * @throws BadDataException if the file is not well-formed, or lacks one of the needed columns
   */
  ParquetRows(Path file, List<String> names, List<String> needed) {
    this.file = file;
    InputFile input = InputFile.data(file).requireRegular();
    ParquetFileReader open = null;
    try {
      open = open(file);
      MessageType all = open.getFileMetaData().getSchema();
      requireInside(open.getRowGroups(), input.size());
      schema = wanted(all, names, needed);
      unread =
          all.getFields().stream().map(ParquetRows::name).filter(n -> !names.contains(n)).toList();
      open.setRequestedSchema(schema);
      columns = new ColumnIOFactory(open.getFileMetaData().getCreatedBy()).getColumnIO(schema, all);
      reader = open;
    } catch (IOException | RuntimeException | StackOverflowError e) {
      if (open != null) {
        close(open);
      }
      throw e instanceof BadDataException bad ? bad : malformed(e);
    }
  }

  private static ParquetFileReader open(Path file) throws IOException {
    // A configuration of its own: Hadoop's would search for files, users and native libraries.
    ParquetReadOptions options =
        new ParquetReadOptions.Builder(new PlainParquetConfiguration())
            .withCodecFactory(new ParquetCodecs())
            .usePageChecksumVerification(true)
            .build();
    return ParquetFileReader.open(new LocalInputFile(file), options);
  }

  /** Checks sizes by which memory is allocated before anything is read. */
  private static void requireInside(List<BlockMetaData> groups, long fileSize) throws IOException {
    for (BlockMetaData group : groups) {
      for (ColumnChunkMetaData chunk : group.getColumns()) {
        long start = chunk.getStartingPos();
        long size = chunk.getTotalSize();
        if (start < 0 || size < 0 || size > fileSize || start > fileSize - size) {
          throw new IOException(
              "expected column chunks inside of "
                  + fileSize
                  + " bytes, found one of "
                  + size
                  + " at "
                  + start);
        }
      }
    }
  }

  private MessageType wanted(MessageType all, List<String> names, List<String> needed) {
    List<Type> fields = new ArrayList<>();
    List<String> found = new ArrayList<>();
    for (Type field : all.getFields()) {
      if (names.contains(name(field))) {
        fields.add(field);
        found.add(name(field));
      }
    }
    if (!found.containsAll(needed) || found.stream().distinct().count() < found.size()) {
      throw new BadDataException(
          BadRow.shown(
              file
                  + ": expected columns "
                  + needed
                  + ", found "
                  + all.getFields().stream().map(Type::getName).toList()));
    }
    return new MessageType(all.getName(), fields);
  }

  @Override
  public String container() {
    return "Parquet";
  }

  @Override
  public @Nullable Row next() {
    try {
      while (left == 0) {
        PageReadStore pages = reader.readNextRowGroup();
        if (pages == null) {
          return null;
        }
        left = pages.getRowCount();
        records = columns.getRecordReader(pages, new GroupRecordConverter(schema));
      }
      Group record = records == null ? null : records.read();
      left--;
      number++;
      if (record == null) {
        throw new IOException("expected a row, found none");
      }
      return row(record);
    } catch (IOException | RuntimeException | StackOverflowError e) {
      throw malformed(e);
    }
  }

  private BadDataException malformed(Throwable e) {
    String location = number == 0 ? "" : ", after row " + number;
    return new BadDataException(
        BadRow.shown(file + location + ": not well-formed Parquet: " + Reasons.of(e)), e);
  }

  /**
   * Returns the bytes of text in a group; a corrupt dictionary can repeat a long text endlessly.
   */
  private static long textBytes(Group group, long before) throws BadRow {
    long bytes = before;
    for (int field = 0; field < group.getType().getFieldCount(); field++) {
      Type type = group.getType().getType(field);
      for (int i = 0; i < group.getFieldRepetitionCount(field); i++) {
        if (!type.isPrimitive()) {
          bytes = textBytes(group.getGroup(field, i), bytes);
        } else if (type.asPrimitiveType().getPrimitiveTypeName() == PrimitiveTypeName.BINARY) {
          bytes += group.getBinary(field, i).length();
        }
        if (bytes > MAX_ROW_BYTES) {
          throw new BadRow("expected at most " + MAX_ROW_BYTES + " bytes of text, found more");
        }
      }
    }
    return bytes;
  }

  private Row row(Group record) {
    try {
      textBytes(record, 0);
      JsonObject content = object(record);
      unread.forEach(name -> content.add(name, JsonNull.INSTANCE));
      return new Row(number, number, content, null);
    } catch (BadRow e) {
      return Row.flawed(number, number, e.reason());
    }
  }

  private static JsonObject object(Group group) throws BadRow {
    JsonObject o = new JsonObject();
    for (int i = 0; i < group.getType().getFieldCount(); i++) {
      o.add(name(group.getType().getType(i)), field(group, i));
    }
    return o;
  }

  private static JsonElement field(Group group, int field) throws BadRow {
    int count = group.getFieldRepetitionCount(field);
    if (!group.getType().getType(field).isRepetition(Type.Repetition.REPEATED)) {
      return count == 0 ? JsonNull.INSTANCE : value(group, field, 0);
    }
    JsonArray values = new JsonArray();
    for (int i = 0; i < count; i++) {
      values.add(value(group, field, i));
    }
    return values;
  }

  private static JsonElement value(Group group, int field, int index) throws BadRow {
    Type type = group.getType().getType(field);
    if (type.isPrimitive()) {
      return primitive(group, field, index);
    }
    Group value = group.getGroup(field, index);
    return isList(type) ? list(value) : object(value);
  }

  private static boolean isList(Type type) {
    GroupType group = type.asGroupType();
    return type.getLogicalTypeAnnotation() instanceof ListLogicalTypeAnnotation
        && group.getFieldCount() == 1
        && group.getType(0).isRepetition(Type.Repetition.REPEATED);
  }

  /**
   * Writers insert a level between list and element, under various names, and some old ones do not.
   * A message has two fields, so a structure with one field is that level.
   */
  private static JsonArray list(Group list) throws BadRow {
    Type repeated = list.getType().getType(0);
    boolean between = !repeated.isPrimitive() && repeated.asGroupType().getFieldCount() == 1;
    JsonArray values = new JsonArray();
    for (int i = 0; i < list.getFieldRepetitionCount(0); i++) {
      values.add(between ? field(list.getGroup(0, i), 0) : value(list, 0, i));
    }
    return values;
  }

  private static JsonElement primitive(Group group, int field, int index) throws BadRow {
    return switch (group.getType().getType(field).asPrimitiveType().getPrimitiveTypeName()) {
      case BINARY ->
          new JsonPrimitive(
              text(
                  group.getType().getType(field).getName(),
                  group.getBinary(field, index).getBytes()));
      case INT32 -> new JsonPrimitive(group.getInteger(field, index));
      case INT64 -> new JsonPrimitive(group.getLong(field, index));
      case FLOAT -> new JsonPrimitive(group.getFloat(field, index));
      case DOUBLE -> new JsonPrimitive(group.getDouble(field, index));
      case BOOLEAN -> new JsonPrimitive(group.getBoolean(field, index));
      // Old timestamps and hashes, which are never read.
      case INT96, FIXED_LEN_BYTE_ARRAY -> JsonNull.INSTANCE;
    };
  }

  private static String text(String column, byte[] bytes) throws BadRow {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(java.nio.ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException e) {
      throw new BadRow("expected UTF-8 in " + column + ", found other bytes");
    }
  }

  private static String name(Type field) {
    return field.getName().toLowerCase(Locale.ROOT);
  }

  @Override
  public void close() {
    close(reader);
  }

  private void close(ParquetFileReader open) {
    try {
      open.close();
    } catch (IOException e) {
      throw new BadDataException("cannot close " + file + ": " + Reasons.of(e), e);
    }
  }
}
