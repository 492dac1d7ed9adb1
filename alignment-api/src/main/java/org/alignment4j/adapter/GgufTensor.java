package org.alignment4j.adapter;

/**
 * One float32 tensor of a GGUF file. The array is not copied.
 *
 * @param name its name
 * @param shape sizes as in the file, the fastest-varying dimension first
 * @param values as many numbers as {@code shape} holds
 */
record GgufTensor(String name, long[] shape, float[] values) {}
