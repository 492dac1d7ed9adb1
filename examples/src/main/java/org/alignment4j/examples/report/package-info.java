/** Reports as HTML pages of a single file: plots are inline SVG, and nothing is loaded or run. */
@NullMarked
package org.alignment4j.examples.report;

import org.jspecify.annotations.NullMarked;
