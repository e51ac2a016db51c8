/** How the server and its agents are, and the work that keeps its data right. */
import { useState } from "react"
import { useCommands } from "../../shell/commands.js"
import { useTitle } from "../../shell/PageContext.js"
import frame from "../../shell/ViewFrame.module.css"
import { AgentsCard } from "./AgentsCard.js"
import { ChecksCards } from "./ChecksCard.js"
import { EffectsCard } from "./EffectsCard.js"
import { FiguresCard } from "./FiguresCard.js"
import { KeysCard } from "./KeysCard.js"
import { SessionsCard } from "./SessionsCard.js"
import classes from "./SystemView.module.css"

const SystemView = () => {
  useTitle("System")
  const [round, setRound] = useState(0)
  useCommands([
    {
      id: "system.refresh",
      title: "Read everything again",
      group: "System",
      keys: ["r"],
      run: () => setRound(round + 1),
    },
  ])
  return (
    <div className={frame.view}>
      <header className={frame.header}>
        <h1 className={frame.title}>System</h1>
      </header>
      <div className={classes.scroller} data-testid="system" key={round}>
        <div className={classes.cards}>
          <FiguresCard />
          <SessionsCard />
          <EffectsCard />
          <AgentsCard />
          <ChecksCards />
          <KeysCard />
        </div>
      </div>
    </div>
  )
}

export default SystemView
