package org.alignment4j.adapter;

/**
 * One float32 tensor of a GGUF file. The array is not copied.
 *
 * @param name its name
 * @param shape sizes as the file has them, the fastest first
 * @param values product of {@code shape} numbers
 */
record GgufTensor(String name, long[] shape, float[] values) {}
