/** The tensor layer: kernels, devices, precision, safetensors. */
@NullMarked
package org.alignment4j.tensor;

import org.jspecify.annotations.NullMarked;
