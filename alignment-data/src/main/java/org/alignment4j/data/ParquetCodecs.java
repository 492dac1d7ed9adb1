package org.alignment4j.data;

import io.airlift.compress.Decompressor;
import io.airlift.compress.lz4.Lz4Decompressor;
import io.airlift.compress.snappy.SnappyDecompressor;
import io.airlift.compress.zstd.ZstdDecompressor;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;
import org.apache.parquet.bytes.BytesInput;
import org.apache.parquet.compression.CompressionCodecFactory;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;

/**
 * Compression of Parquet's pages in pure Java. Parquet's own factory would need native libraries,
 * and more of Hadoop.
 */
final class ParquetCodecs implements CompressionCodecFactory {
  /** Maximum bytes of a page; a larger size is corrupt. */
  private static final int MAX_PAGE = 1 << 28;

  @Override
  public BytesInputCompressor getCompressor(CompressionCodecName codec) {
    if (codec != CompressionCodecName.GZIP) {
      throw new IllegalArgumentException("expected to write GZIP, found " + codec);
    }
    return new Gzip();
  }

  @Override
  public BytesInputDecompressor getDecompressor(CompressionCodecName codec) {
    return new Pages(codec);
  }

  @Override
  public void release() {}

  /** Gzip, which the JDK includes; Snappy in Java uses APIs that newer JDKs warn of. */
  private static final class Gzip implements BytesInputCompressor {
    @Override
    public BytesInput compress(BytesInput page) throws IOException {
      ByteArrayOutputStream packed = new ByteArrayOutputStream();
      try (OutputStream out = new GZIPOutputStream(packed)) {
        page.writeAllTo(out);
      }
      return BytesInput.from(packed.toByteArray());
    }

    @Override
    public CompressionCodecName getCodecName() {
      return CompressionCodecName.GZIP;
    }

    @Override
    public void release() {}
  }

  private record Pages(CompressionCodecName codec) implements BytesInputDecompressor {
    @Override
    public BytesInput decompress(BytesInput page, int length) throws IOException {
      return codec == CompressionCodecName.UNCOMPRESSED
          ? page
          : BytesInput.from(plain(page.toInputStream().readAllBytes(), length));
    }

    @Override
    public void decompress(ByteBuffer packed, int packedLength, ByteBuffer plain, int length)
        throws IOException {
      byte[] bytes = new byte[packedLength];
      packed.get(bytes);
      plain.put(codec == CompressionCodecName.UNCOMPRESSED ? bytes : plain(bytes, length));
    }

    private byte[] plain(byte[] packed, int length) throws IOException {
      if (length < 0 || length > MAX_PAGE) {
        throw new IOException("expected at most " + MAX_PAGE + " bytes in a page, found " + length);
      }
      return switch (codec) {
        case SNAPPY -> plain(new SnappyDecompressor(), packed, length);
        case ZSTD -> plain(new ZstdDecompressor(), packed, length);
        case LZ4_RAW -> plain(new Lz4Decompressor(), packed, length);
        case GZIP -> unzipped(packed, length);
        default ->
            throw new IOException(
                "expected pages in SNAPPY, GZIP, ZSTD, LZ4_RAW or UNCOMPRESSED, found " + codec);
      };
    }

    private static byte[] plain(Decompressor codec, byte[] packed, int length) throws IOException {
      byte[] plain = new byte[length];
      requireLength(length, codec.decompress(packed, 0, packed.length, plain, 0, length));
      return plain;
    }

    private static byte[] unzipped(byte[] packed, int length) throws IOException {
      try (InputStream in = new GZIPInputStream(new ByteArrayInputStream(packed))) {
        byte[] plain = in.readNBytes(length);
        requireLength(length, plain.length);
        return plain;
      }
    }

    private static void requireLength(int expected, int found) throws IOException {
      if (found != expected) {
        throw new IOException("expected " + expected + " bytes in a page, found " + found);
      }
    }

    @Override
    public void release() {}
  }
}
