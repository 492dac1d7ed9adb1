package org.alignment4j.core;

/**
 * An index into the residual stream, numbered as in Hugging Face's {@code hidden_states}: 0 is the
 * output of the embeddings, l the output of the l-th block, without the final norm. Block l writes
 * layer l, so the weights of layer 3's block are named {@code model.layers.2.*} in a checkpoint.
 *
 * @param index 0 (embeddings) to the model's number of blocks
 */
public record Layer(int index) implements Comparable<Layer> {
  /** The embeddings, before any block. */
  public static final Layer EMBEDDINGS = new Layer(0);

  /**
   * @throws IllegalArgumentException if {@code index} is negative
   */
  public Layer {
    if (index < 0) {
      throw new IllegalArgumentException("layer must be >= 0, was " + index);
    }
  }

  /**
   * Returns the layer written by the block with the 0-based index {@code block} in the checkpoint.
   */
  public static Layer ofBlock(int block) {
    return new Layer(block + 1);
  }

  /**
   * The 0-based index, in the checkpoint, of the block that writes this layer.
   *
   * @throws IllegalStateException for the embeddings, which no block writes
   */
  public int block() {
    if (index == 0) {
      throw new IllegalStateException("layer 0 (embeddings) is written by no block");
    }
    return index - 1;
  }

  @Override
  public int compareTo(Layer other) {
    return Integer.compare(index, other.index);
  }

  @Override
  public String toString() {
    return "layer " + index;
  }
}
