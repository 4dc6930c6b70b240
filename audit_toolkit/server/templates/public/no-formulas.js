// No page of ours holds formulas; the front end asks for this file before it draws anything.
