/** Guards in Spring AI: an advisor, and a local model behind a guard. */
@NullMarked
package org.alignment4j.examples.springai;

import org.jspecify.annotations.NullMarked;
