/** Guards in LangChain4j: an input guardrail, and a local model behind a guard. */
@NullMarked
package org.alignment4j.examples.langchain4j;

import org.jspecify.annotations.NullMarked;
