package org.alignment4j.internal.tensor;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The type of a GGUF tensor: blocks of so many elements in so many bytes. Some are known by name
 * and size only and cannot be read as float32.
 */
public enum GgufType {
  F32(0, StorageType.F32),
  F16(1, StorageType.F16),
  Q4_0(2, 32, 18, SimpleBlocks::q4x0, SimpleBlocks::q4x0Groups),
  Q4_1(3, 32, 20, SimpleBlocks::q4x1, SimpleBlocks::q4x1Groups),
  Q5_0(6, 32, 22, SimpleBlocks::q5x0),
  Q5_1(7, 32, 24, SimpleBlocks::q5x1),
  Q8_0(8, 32, 34, SimpleBlocks::q8x0),
  /** For products only; no file should hold it. */
  Q8_1(9, 32, 36, null),
  Q2_K(10, SuperBlocks.SIZE, 84, SuperBlocks::q2),
  Q3_K(11, SuperBlocks.SIZE, 110, SuperBlocks::q3),
  Q4_K(12, SuperBlocks.SIZE, 144, SuperBlocks::q4, SuperBlocks::q4Groups),
  Q5_K(13, SuperBlocks.SIZE, 176, SuperBlocks::q5),
  Q6_K(14, SuperBlocks.SIZE, 210, SuperBlocks::q6),
  Q8_K(15, SuperBlocks.SIZE, 292, SuperBlocks::q8),
  IQ2_XXS(16, SuperBlocks.SIZE, 66, null),
  IQ2_XS(17, SuperBlocks.SIZE, 74, null),
  IQ3_XXS(18, SuperBlocks.SIZE, 98, null),
  IQ1_S(19, SuperBlocks.SIZE, 50, null),
  IQ4_NL(20, 32, 18, TableBlocks::iq4nl),
  IQ3_S(21, SuperBlocks.SIZE, 110, null),
  IQ2_S(22, SuperBlocks.SIZE, 82, null),
  IQ4_XS(23, SuperBlocks.SIZE, 136, TableBlocks::iq4xs),
  I8(24, 1, 1, (in, at, out, to) -> out[to] = in[at]),
  I16(25, 1, 2, (in, at, out, to) -> out[to] = (short) BlockDecoder.uint16(in, at)),
  I32(26, 1, 4, (in, at, out, to) -> out[to] = BlockDecoder.int32(in, at)),
  I64(27, 1, 8, (in, at, out, to) -> out[to] = BlockDecoder.int64(in, at)),
  F64(28, StorageType.F64),
  IQ1_M(29, SuperBlocks.SIZE, 56, null),
  BF16(30, StorageType.BF16),
  TQ1_0(34, SuperBlocks.SIZE, 54, null),
  TQ2_0(35, SuperBlocks.SIZE, 66, null),
  MXFP4(39, 32, 17, TableBlocks::mxfp4),
  NVFP4(40, 64, 36, null),
  Q1_0(41, 128, 18, null);

  /** A bound of the elements that a byte of any type holds. */
  static final int MAX_PER_BYTE = 8;

  private final int number;
  private final int elements;
  private final int bytes;

  @SuppressWarnings("ImmutableEnumChecker") // references to static methods
  private final @Nullable BlockDecoder decoder;

  @SuppressWarnings("ImmutableEnumChecker") // references to static methods
  private final @Nullable GroupDecoder groups;

  private final @Nullable StorageType plain;

  GgufType(int number, int elements, int bytes, @Nullable BlockDecoder decoder) {
    this(number, elements, bytes, decoder, null);
  }

  /** A type of 4 bits an element. */
  GgufType(
      int number,
      int elements,
      int bytes,
      @Nullable BlockDecoder decoder,
      @Nullable GroupDecoder groups) {
    this.number = number;
    this.elements = elements;
    this.bytes = bytes;
    this.decoder = decoder;
    this.groups = groups;
    this.plain = null;
  }

  /** A type that safetensors has too. */
  GgufType(int number, StorageType plain) {
    this.number = number;
    this.elements = 1;
    this.bytes = plain.bytes();
    this.decoder = null;
    this.groups = null;
    this.plain = plain;
  }

  /** The type's number in a file. */
  public int number() {
    return number;
  }

  /** Elements of a block: 1 to 256, a power of two. A tensor's rows are whole blocks. */
  public int blockElements() {
    return elements;
  }

  /** Bytes of a block. */
  public int blockBytes() {
    return bytes;
  }

  /** Whether its elements can be read as float32. */
  public boolean isReadable() {
    return decoder != null || plain != null;
  }

  /** Whether it can be read as {@link GgufGroups}. */
  boolean isFourBit() {
    return groups != null;
  }

  /** The same type in safetensors, if it has it. */
  Optional<StorageType> plain() {
    return Optional.ofNullable(plain);
  }

  /** The names of the types that can be read, for messages. */
  static String readable() {
    return Arrays.stream(values())
        .filter(GgufType::isReadable)
        .map(GgufType::name)
        .collect(Collectors.joining(", "));
  }

  /** The type of a number in a file, null if there is none. */
  static @Nullable GgufType of(int number) {
    for (GgufType type : values()) {
      if (type.number == number) {
        return type;
      }
    }
    return null;
  }

  /** Decodes blocks from the beginning of {@code in} to {@code out[to]} and on, on one thread. */
  @FunctionalInterface
  interface Decoder {
    void decode(byte[] in, float[] out, int to, int blocks);
  }

  /**
   * A decoder of at most {@code most} blocks at once. F32, F16, BF16, I8 and I16 are exact, F64,
   * I32 and I64 rounded to nearest.
   */
  Decoder decoder(int most) {
    if (plain != null) {
      FloatDecoder floats = new FloatDecoder(plain, most);
      return (in, out, to, blocks) ->
          floats.decode(
              ByteBuffer.wrap(in, 0, blocks * bytes).order(ByteOrder.LITTLE_ENDIAN),
              FloatBuffer.wrap(out, to, blocks));
    }
    BlockDecoder one = decoder;
    if (one == null) {
      throw new IllegalStateException(this + " cannot be read");
    }
    return (in, out, to, blocks) -> {
      for (int i = 0; i < blocks; i++) {
        one.decode(in, i * bytes, out, to + i * elements);
      }
    };
  }

  /**
   * Unpacks blocks from the beginning of {@code in} on.
   *
   * @param to index of the first group
   * @throws IllegalStateException if this is not a {@linkplain #isFourBit() type of 4 bits}
   */
  void groups(byte[] in, int blocks, GgufGroups out, int to) {
    GroupDecoder one = groups;
    if (one == null) {
      throw new IllegalStateException(this + " is no type of 4 bits");
    }
    for (int i = 0; i < blocks; i++) {
      one.decode(in, i * bytes, out, to + i * (elements / GgufGroups.SIZE));
    }
  }
}
