/** Files of a tokenizer that other files describe. Internal: may change at any time. */
@NullMarked
package org.alignment4j.internal.tokenizer;

import org.jspecify.annotations.NullMarked;
