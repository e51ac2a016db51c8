/** Output of a command in its colours. */

import { memo, useMemo } from "react"
import { visible } from "../format/format.js"
import { CopyButton } from "./CodeBlock.js"
import { ScrollBox } from "./ScrollBox.js"
import classes from "./Terminal.module.css"
import { cleanOutput, terminalPieces } from "./terminalText.js"

export const Terminal = memo(({ output, tall = false }: { output: string; tall?: boolean }) => {
  const pieces = useMemo(() => terminalPieces(output), [output])
  return (
    <figure className={classes.frame}>
      <CopyButton text={cleanOutput(output)} what="Output" />
      <ScrollBox as="pre" className={classes.output} label="Output" tall={tall}>
        <samp>
          {pieces.map(({ colour, ground, looks, text }, index) =>
            colour === "" && ground === "" && looks.length === 0 ? (
              visible(text)
            ) : (
              // A piece has no identity but its place.
              <span
                className={classes.piece}
                data-colour={colour || undefined}
                data-ground={ground || undefined}
                data-looks={looks.join(" ") || undefined}
                key={String(index)}
              >
                {visible(text)}
              </span>
            ),
          )}
        </samp>
      </ScrollBox>
    </figure>
  )
})
