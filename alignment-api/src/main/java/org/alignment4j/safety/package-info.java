/** What a changed model must keep: refusal of harmful requests, under attacks too. */
@NullMarked
package org.alignment4j.safety;

import org.jspecify.annotations.NullMarked;
